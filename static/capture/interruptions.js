// @ts-check
/** Interruptions of a recording: page hidden, phone call, camera unplugged. An interrupted clip is never sent. */

// Safari mutes a new track for a moment without a reason; a mute that is over by then is ignored.
const GRACE = 1000;

/**
 * Call `stop` with the reason ("hidden", "ended" or "muted") once; returns a function that removes the listeners.
 * @param {MediaStream} stream
 * @param {(reason: string) => void} stop
 */
export function watch(stream, stop) {
  const over = new AbortController();
  const opened = performance.now();
  const track = stream.getVideoTracks()[0];
  /** @param {string} reason */
  const end = (reason) => {
    if (over.signal.aborted) return;
    over.abort();
    stop(reason);
  };
  const options = { signal: over.signal };
  const left = () => document.hidden && end("hidden");
  const mute = () => performance.now() - opened > GRACE && end("muted");
  document.addEventListener("visibilitychange", left, options);
  window.addEventListener("pagehide", () => end("hidden"), options);
  track.addEventListener("ended", () => end("ended"), options);
  track.addEventListener("mute", mute, options);
  const late = setTimeout(() => track.muted && end("muted"), GRACE);
  over.signal.addEventListener("abort", () => clearTimeout(late));
  return () => over.abort();
}

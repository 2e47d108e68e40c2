// @ts-check
/** What ends a recording early: leaving the page, a call, a camera that is taken away. Such a clip is never sent. */

// Safari mutes a fresh track for a moment without any reason.
const GRACE = 1000;

/**
 * Call `stop` with the reason ("hidden", "ended" or "muted") once; returns the function that ends the watch.
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
  return () => over.abort();
}

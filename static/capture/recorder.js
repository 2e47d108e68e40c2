// @ts-check
/** MediaRecorder with its traps taken care of. The file is named by what the recorder says it made. */

const BITS_PER_SECOND = 2_000_000;
const STOP_WITHIN = 5000;

// The first the server only repacks; for the later ones it must re-encode. "vp8" never goes with a sound codec:
// Firefox then hangs on a stream without sound. Bare "video/mp4" may hold VP9, so it comes late.
const TYPES = [
  "video/mp4;codecs=avc1.42E01E",
  "video/x-matroska;codecs=avc1",
  "video/webm;codecs=vp8",
  "video/mp4",
  "video/webm",
];

/** @typedef {{ blob: Blob, mime: string, chunks: number, called_at: number, started_at: number, ms: number }} Clip */

/** @returns {string | undefined} nothing when the browser shall choose */
function chooseType() {
  // Old Safari records but can't say what.
  if (typeof MediaRecorder.isTypeSupported !== "function") return undefined;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type));
}

/**
 * Start recording. `called` and the start event are both kept: some browsers report the start late.
 * @param {MediaStream} stream
 */
export function start(stream) {
  const recorder = new MediaRecorder(stream, { mimeType: chooseType(), videoBitsPerSecond: BITS_PER_SECOND });
  /** @type {Blob[]} */
  const chunks = [];
  let startedAt = 0;
  recorder.addEventListener("start", () => (startedAt = performance.now()));
  recorder.addEventListener("dataavailable", (event) => event.data.size && chunks.push(event.data));
  const calledAt = performance.now();
  recorder.start();

  /** End the recording and hand it over, or null when it is empty. @returns {Promise<Clip | null>} */
  async function finish() {
    const ms = Math.round(performance.now() - calledAt);
    await stopped(recorder);
    const mime = recorder.mimeType || chunks[0]?.type || "";
    const blob = new Blob(chunks, { type: mime });
    return blob.size ? { blob, mime, chunks: chunks.length, called_at: calledAt, started_at: startedAt, ms } : null;
  }

  /** Forget what is recorded; harmless once it was handed over. */
  function discard() {
    if (recorder.state !== "inactive") recorder.stop();
    chunks.length = 0;
  }

  return { calledAt, finish, discard };
}

/** Resolves when the recorder has stopped, or a while later: some never say so. @param {MediaRecorder} recorder */
function stopped(recorder) {
  return new Promise((resolve) => {
    if (recorder.state === "inactive") return resolve(undefined);
    recorder.addEventListener("stop", resolve, { once: true });
    setTimeout(resolve, STOP_WITHIN);
    recorder.stop();
  });
}

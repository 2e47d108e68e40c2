// @ts-check
/** MediaRecorder with workarounds for browsers. The file extension follows the MIME type that it reports. */

const BITS_PER_SECOND = 2_000_000;
const STOP_WITHIN = 5000;

// In order of preference: the server remuxes the first ones and must transcode the others. "vp8" without an audio codec,
// because Firefox hangs with one on a stream without sound. Bare "video/mp4" may hold VP9, so it is late in the list.
const TYPES = [
  "video/mp4;codecs=avc1.42E01E",
  "video/x-matroska;codecs=avc1",
  "video/webm;codecs=vp8",
  "video/mp4",
  "video/webm",
];

/** @typedef {{ blob: Blob, mime: string, chunks: number, called_at: number, started_at: number, ms: number }} Clip */

/** @returns {string | undefined} undefined to let the browser choose */
function chooseType() {
  // Old versions of Safari record, but have no isTypeSupported.
  if (typeof MediaRecorder.isTypeSupported !== "function") return undefined;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type));
}

/**
 * Start recording. Returns the times of the call and of the start event, because some browsers report the start late.
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

  /** End the recording; null if it is empty. @returns {Promise<Clip | null>} */
  async function finish() {
    const ms = Math.round(performance.now() - calledAt);
    await stopped(recorder);
    const mime = recorder.mimeType || chunks[0]?.type || "";
    const blob = new Blob(chunks, { type: mime });
    return blob.size ? { blob, mime, chunks: chunks.length, called_at: calledAt, started_at: startedAt, ms } : null;
  }

  /** Discard the recording; no effect after it was returned. */
  function discard() {
    if (recorder.state !== "inactive") recorder.stop();
    chunks.length = 0;
  }

  return { calledAt, finish, discard };
}

/** Resolves when the recorder has stopped, or after a timeout: some browsers send no stop event. @param {MediaRecorder} recorder */
function stopped(recorder) {
  return new Promise((resolve) => {
    if (recorder.state === "inactive") return resolve(undefined);
    recorder.addEventListener("stop", resolve, { once: true });
    setTimeout(resolve, STOP_WITHIN);
    recorder.stop();
  });
}

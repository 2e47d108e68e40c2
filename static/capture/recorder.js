// @ts-check
/**
 * MediaRecorder with workarounds for browsers. Some claim a type and then give nothing, so this remembers which types
 * failed.
 */

import { Overdue, within } from "../deadline.js";

const BITS_PER_SECOND = 2_000_000;
const START_WITHIN = 1000;
const STOP_WITHIN = 5000;
// The data and the stop event come together, in either order; some browsers omit the event.
const REST_WITHIN = 1000;
// A smaller file is a header without a picture. Four seconds in the dark have 10 kB.
const SMALLEST = 2000;
// After so many recordings that nobody can use, of two encoders, another browser is the better advice.
const MOST_LOST = 2;

// In order of preference: the server remuxes the first ones and must transcode the others. "vp8" without an audio codec,
// because Firefox hangs with one on a stream without sound. Bare "video/mp4" may hold VP9, so it is late in the list. The
// last one lets the browser choose.
const TYPES = [
  "video/mp4;codecs=avc1.42E01E",
  "video/x-matroska;codecs=avc1",
  "video/webm;codecs=vp8",
  "video/mp4",
  "video/webm",
  "",
];

/**
 * `mime`: what the recorder says it made; `type`: what it was asked for.
 * @typedef {{ blob: Blob, mime: string, type: string, chunks: number, called_at: number, started_at: number, ms: number }} Clip
 */

/** The browser gave no recording. That is never the person's fault, and another type may work. */
export class RecorderFault extends Error {}

/** @type {Map<string, number>} how often each encoder has failed */
const failures = new Map();
let lost = 0;

/** Whether so many recordings had no data or were unreadable that another browser is the better advice. */
export function hopeless() {
  return lost >= MOST_LOST;
}

/** The server could not read a recording of this type: its encoder has failed, as if it had given nothing. @param {string} type */
export function unreadable(type) {
  blame(type);
  lost++;
}

/** Types with the same encoder fail together. @param {string} type */
const encoderOf = (type) => /avc1|vp8/.exec(type)?.[0] ?? "";

/** @param {string} type */
const failuresOf = (type) => failures.get(encoderOf(type)) ?? 0;

/** @param {string} type */
const blame = (type) => failures.set(encoderOf(type), failuresOf(type) + 1);

/** The supported types, those whose encoder has failed least first. */
function types() {
  // Old versions of Safari record, but have no isTypeSupported: they choose by themselves.
  const asks = typeof MediaRecorder.isTypeSupported === "function";
  const usable = TYPES.filter((type) => !type || (asks && MediaRecorder.isTypeSupported(type)));
  return usable.sort((a, b) => failuresOf(a) - failuresOf(b));
}

/**
 * Start recording in the first type that the browser takes. Throws RecorderFault if it takes none.
 * @param {MediaStream} stream
 */
export function start(stream) {
  for (const type of types()) {
    try {
      return new Recording(stream, type);
    } catch {
      blame(type);
    }
  }
  lost = MOST_LOST;
  throw new RecorderFault();
}

/** One running recording. Times of the call and of the start event, because some browsers report the start late. */
class Recording {
  /** @type {Blob[]} */
  #chunks = [];
  #startedAt = 0;
  #over = false;

  /** @param {MediaStream} stream @param {string} type */
  constructor(stream, type) {
    const kind = type ? { mimeType: type } : {};
    this.type = type;
    this.recorder = new MediaRecorder(stream, { ...kind, videoBitsPerSecond: BITS_PER_SECOND });
    this.started = this.#event("start").then(() => {
      this.#startedAt = performance.now();
    });
    this.stopped = this.#event("stop");
    this.data = new Promise((resolve) => {
      this.recorder.addEventListener("dataavailable", ({ data }) => data.size && resolve(this.#chunks.push(data)));
    });
    this.broken = this.#broken(stream.getVideoTracks()[0]);
    this.calledAt = performance.now();
    this.recorder.start();
  }

  /** @param {string} kind @returns {Promise<unknown>} */
  #event(kind) {
    return new Promise((resolve) => this.recorder.addEventListener(kind, resolve, { once: true }));
  }

  /** Rejects when the recorder fails, or stops by itself although its camera goes on. @param {MediaStreamTrack} track */
  #broken(track) {
    /** @type {Promise<never>} */
    const broken = new Promise((_, reject) => {
      const fail = () => this.#over || reject(this.#fault());
      this.#event("error").then(fail);
      this.stopped.then(() => track.readyState === "live" && fail());
    });
    broken.catch(() => {}); // Whoever waits for something else learns it by a race.
    return broken;
  }

  #fault() {
    this.#over = true;
    blame(this.type);
    lost++;
    return new RecorderFault();
  }

  /** Resolves when recording has begun. Some browsers never say so: then after a while. */
  async begun() {
    await orLater(Promise.race([this.started, this.broken]), START_WITHIN);
  }

  /** End the recording. Rejects with RecorderFault if there is none. @returns {Promise<Clip>} */
  async finish() {
    const ms = Math.round(performance.now() - this.calledAt);
    if (!this.#over) await this.#rest();
    const mime = this.recorder.mimeType || this.#chunks[0]?.type || "";
    const blob = new Blob(this.#chunks, { type: mime });
    if (blob.size < SMALLEST) throw this.#fault();
    const { type, calledAt } = this;
    return { blob, mime, type, chunks: this.#chunks.length, called_at: calledAt, started_at: this.#startedAt, ms };
  }

  /** Stop, and wait for the data and for the event. */
  async #rest() {
    this.#over = true;
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await orLater(Promise.race([this.data, this.stopped]), STOP_WITHIN);
    await orLater(Promise.all([this.data, this.stopped]), REST_WITHIN);
  }

  /** Discard the recording; no effect after it was returned. */
  discard() {
    this.#over = true;
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.#chunks = [];
  }
}

/** Wait for `event`, but no longer. @param {Promise<unknown>} event @param {number} milliseconds */
async function orLater(event, milliseconds) {
  try {
    await within(event, milliseconds);
  } catch (error) {
    if (!(error instanceof Overdue)) throw error;
  }
}

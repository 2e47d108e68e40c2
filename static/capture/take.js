// @ts-check
/** One recording for one challenge: the clip, the challenge, and until when the server accepts it. */

import { prompt } from "./prompts.js";
import { start } from "./recorder.js";
import { collect } from "./signals.js";

/**
 * `until`: the latest time at which the upload may begin; `begun`: whether it has; `arrived`: bytes that the server has.
 * @typedef {{ attempt: string, nonce: string, blob: Blob, name: string, signals: object, until: number, begun: boolean, arrived: number }} Take
 */

/** The recorder produced no data. */
export class NothingRecorded extends Error {}

/** @param {string} mime */
function nameFor(mime) {
  if (mime.includes("mp4")) return "clip.mp4";
  return mime.includes("matroska") ? "clip.mkv" : "clip.webm";
}

/**
 * Record the challenge's movements. Rejects when the scene is interrupted or nothing was recorded.
 * @param {MediaStream} stream
 * @param {import("./server.js").Challenge} challenge
 * @param {import("./prompts.js").Scene} scene
 * @returns {Promise<Take>}
 */
export async function film(stream, challenge, scene) {
  const drawnAt = scene.since;
  const running = start(stream);
  try {
    const actions = challenge.actions.map((action) => action.name);
    const times = await prompt(actions, running.calledAt, scene);
    const clip = await running.finish();
    if (!clip) throw new NothingRecorded();
    return {
      attempt: challenge.attempt,
      nonce: challenge.nonce,
      blob: clip.blob,
      name: nameFor(clip.mime),
      signals: collect(stream, clip, times),
      until: drawnAt + challenge.expires_in * 1000,
      begun: false,
      arrived: 0,
    };
  } finally {
    running.discard();
  }
}

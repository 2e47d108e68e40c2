// @ts-check
/** One recording for one challenge: the clip, the challenge, and until when the server accepts it. */

import { countdown, prompt } from "./prompts.js";
import { start } from "./recorder.js";
import { collect } from "./signals.js";

/**
 * `type`: what the recorder was asked for; `until`: the latest time at which the upload may begin; `begun`: whether it has;
 * `arrived`: bytes that the server has.
 * @typedef {{ attempt: string, nonce: string, blob: Blob, type: string, signals: object, until: number, begun: boolean, arrived: number }} Take
 */

/**
 * From the tap to the recording. The countdown waits for the challenge: a recording that began after a wait would find a
 * person who no longer poses. Rejects with Refused or RecorderFault, or as soon as the scene is ended.
 * @param {MediaStream} stream
 * @param {() => Promise<import("./server.js").Challenge>} draw
 * @param {import("./prompts.js").Scene} scene
 * @returns {Promise<Take>}
 */
export function record(stream, draw, scene) {
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => scene.signal.addEventListener("abort", () => reject(scene.signal.reason)));
  return Promise.race([pose(stream, draw, scene), ended]);
}

/** @param {MediaStream} stream @param {() => Promise<import("./server.js").Challenge>} draw @param {import("./prompts.js").Scene} scene */
async function pose(stream, draw, scene) {
  scene.phase("connecting");
  const challenge = await draw();
  if (scene.signal.aborted) throw scene.signal.reason;
  scene.phase("ready");
  await countdown(scene);
  scene.phase("filming");
  return await film(stream, challenge, scene);
}

/**
 * Record the challenge's movements. Rejects when the scene is interrupted, and with RecorderFault.
 * @param {MediaStream} stream
 * @param {import("./server.js").Challenge} challenge
 * @param {import("./prompts.js").Scene} scene
 * @returns {Promise<Take>}
 */
async function film(stream, challenge, scene) {
  const drawnAt = scene.since;
  const running = start(stream);
  try {
    await running.begun();
    const actions = challenge.actions.map((action) => action.name);
    const times = await Promise.race([prompt(actions, running.calledAt, scene), running.broken]);
    const clip = await running.finish();
    return {
      attempt: challenge.attempt,
      nonce: challenge.nonce,
      blob: clip.blob,
      type: clip.type,
      signals: collect(stream, clip, times),
      until: drawnAt + challenge.expires_in * 1000,
      begun: false,
      arrived: 0,
    };
  } finally {
    running.discard();
  }
}

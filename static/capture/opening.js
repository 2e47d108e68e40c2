// @ts-check
/** From the person's tap to the live picture. One opening at a time: a newer one, or closing, ends an older one. */

import * as camera from "./camera.js";
import * as choice from "./choice.js";

// People need some seconds to answer the browser's question. After this time it may be hidden or forgotten.
const ANSWER_WITHIN = 15_000;

/** A newer opening has begun, or the camera was closed: nobody waits for this one any more. */
export class Superseded extends Error {}

/** `deviceId`: the camera that is asked for, later the one that has opened; empty while the browser chooses. */
class Opening {
  over = new AbortController();
  deviceId = "";

  check() {
    if (this.over.signal.aborted) throw new Superseded();
  }
}

let newest = new Opening();

/** Stop the camera, and whatever a current opening still gets. @param {HTMLVideoElement} video */
export function close(video) {
  newest.over.abort();
  video.srcObject = null;
}

/**
 * Open the camera whose turn it is and show it in `video`. Rejects with Superseded or CameraFault; after the fault "tap" the
 * stream is still open, for `tapped`.
 * @param {HTMLVideoElement} video
 * @param {() => void} unanswered called if the browser has not answered for a while; its answer still counts
 */
export function open(video, unanswered) {
  close(video);
  const opening = new Opening();
  newest = opening;
  return outcome(opening, video, async () => {
    const stream = await likely(opening, unanswered);
    opening.check();
    return await camera.show(video, stream);
  });
}

/** The person has tapped: play the stream that the browser did not play without a tap. @param {HTMLVideoElement} video */
export function tapped(video) {
  const stream = /** @type {MediaStream} */ (video.srcObject);
  return outcome(newest, video, () =>
    camera.show(video, stream).catch(() => {
      throw new camera.CameraFault("no_picture");
    }),
  );
}

/** The camera whose turn it is; a likelier one if the browser's choice is not. @param {Opening} opening @param {() => void} unanswered */
async function likely(opening, unanswered) {
  opening.deviceId = choice.next();
  const byBrowser = !opening.deviceId;
  const stream = await request(opening, unanswered);
  const other = byBrowser ? await choice.better(opening.deviceId, stream.getVideoTracks()[0].label) : "";
  if (!other) return stream;
  camera.stop(stream);
  choice.choose(other);
  opening.deviceId = other;
  return await request(opening, unanswered);
}

/** @param {Opening} opening @param {() => void} unanswered */
async function request(opening, unanswered) {
  opening.check();
  const { signal } = opening.over;
  const timer = setTimeout(() => signal.aborted || unanswered(), ANSWER_WITHIN);
  try {
    const stream = await camera.request(opening.deviceId);
    if (signal.aborted) camera.stop(stream);
    signal.addEventListener("abort", () => camera.stop(stream));
    opening.deviceId = camera.settings(stream).deviceId ?? opening.deviceId;
    return stream;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The stream that `show` resolves to; remembers how its camera behaved, and closes one that gave no picture.
 * @param {Opening} opening
 * @param {HTMLVideoElement} video
 * @param {() => Promise<MediaStream>} show
 */
async function outcome(opening, video, show) {
  try {
    const stream = await show();
    opening.check();
    choice.worked(opening.deviceId);
    return stream;
  } catch (error) {
    opening.check();
    const fault = error instanceof camera.CameraFault ? error : new camera.CameraFault("no_picture");
    if (fault.code === "tap") throw fault;
    if (["camera_busy", "no_picture"].includes(fault.code)) fault.others = await choice.failed(opening.deviceId);
    opening.check();
    close(video);
    throw fault;
  }
}

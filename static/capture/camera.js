// @ts-check
/** Opens a camera, shows its picture and closes it. Video only: the microphone is never requested. */

import { within } from "../deadline.js";
import { inApp } from "./environment.js";

const WANTED = {
  width: { ideal: 640, min: 320 },
  height: { ideal: 480, min: 240 },
  frameRate: { ideal: 30, min: 15, max: 60 },
};
const PLAY_WITHIN = 3000;
// Slow webcams need 2 s for their first picture.
const PICTURE_WITHIN = 5000;

/** No picture of a camera; `code` is the name of the panel that explains it. */
export class CameraFault extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
    /** @type {MediaDeviceInfo[]} cameras that may work instead */
    this.others = [];
  }
}

/** @param {unknown} error */
const nameOf = (error) => (error instanceof Error ? error.name : "");

/** @param {unknown} error */
function faultOf(error) {
  const name = nameOf(error);
  if (name === "NotFoundError") return new CameraFault("no_camera");
  if (name === "NotReadableError" || name === "AbortError") return new CameraFault("camera_busy");
  if (name === "NotAllowedError" || name === "SecurityError") return new CameraFault(inApp() ? "in_app" : "denied");
  return new CameraFault("no_picture");
}

/**
 * What to ask for, in turn: some browsers reject constraints that the camera could meet, and a chosen camera may be gone.
 * @param {string} deviceId
 */
function wishes(deviceId) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  return [{ ...WANTED, ...which }, which, true];
}

/**
 * Open a camera. Permission queries are unreliable across browsers, so only the result of opening counts. The browser may
 * ask the person first, so this has no deadline.
 * @param {string} deviceId empty for the front camera
 * @returns {Promise<MediaStream>}
 */
export async function request(deviceId) {
  /** @type {unknown} */
  let last;
  for (const video of wishes(deviceId)) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video });
      if (stream?.getVideoTracks().length) return stream;
      if (stream) stop(stream);
    } catch (error) {
      last = error;
      if (!["OverconstrainedError", "TypeError", "NotFoundError"].includes(nameOf(error))) break;
    }
  }
  throw faultOf(last);
}

/** What is known of a stream's camera; old browsers know nothing. @param {MediaStream} stream */
export function settings(stream) {
  return stream.getVideoTracks()[0]?.getSettings?.() ?? {};
}

/**
 * Show the stream's picture in `video`. Only a picture counts: `play()` may stay silent or report an interruption while
 * the picture moves. A refusal to play is no fault of the camera: the person's tap starts it, on the panel "tap".
 * @param {HTMLVideoElement} video
 * @param {MediaStream} stream
 */
export async function show(video, stream) {
  video.toggleAttribute("data-mirrored", settings(stream).facingMode !== "environment");
  if (video.srcObject !== stream) video.srcObject = stream;
  try {
    await within(play(video), PLAY_WITHIN);
  } catch (error) {
    if (nameOf(error) === "NotAllowedError") throw new CameraFault("tap");
  }
  if (!(await hasPictureWithin(video, PICTURE_WITHIN))) throw new CameraFault("no_picture");
  return stream;
}

/** @param {HTMLVideoElement} video */
async function play(video) {
  await video.play();
}

/** @param {HTMLVideoElement} video @param {number} milliseconds @returns {Promise<boolean>} */
function hasPictureWithin(video, milliseconds) {
  const has = () => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0;
  return new Promise((resolve) => {
    const over = new AbortController();
    const timer = setTimeout(() => end(false), milliseconds);
    /** @param {boolean} result */
    const end = (result) => {
      clearTimeout(timer);
      over.abort();
      resolve(result);
    };
    const look = () => has() && end(true);
    for (const kind of ["loadeddata", "resize", "timeupdate"]) video.addEventListener(kind, look, over);
    look();
  });
}

/** Stop the camera, so that its light goes out. @param {MediaStream} stream */
export function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

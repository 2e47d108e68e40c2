// @ts-check
/** Opens, lists and closes cameras. Video only: the microphone is never requested. */

import { inApp } from "./environment.js";

const WANTED = {
  width: { ideal: 640, min: 320 },
  height: { ideal: 480, min: 240 },
  frameRate: { ideal: 30, min: 15, max: 60 },
};

/** The camera could not be opened; `code` is the name of the panel that explains it. */
export class CameraFault extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {unknown} error */
function faultOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotFoundError") return new CameraFault("no_camera");
  if (name === "NotReadableError" || name === "AbortError") return new CameraFault("camera_busy");
  if (name === "NotAllowedError" || name === "SecurityError") return new CameraFault(inApp() ? "in_app" : "denied");
  return new CameraFault("unsupported");
}

/** @param {string} deviceId */
async function stream(deviceId) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...WANTED, ...which } });
  } catch (error) {
    // Some browsers reject constraints that the camera could meet: try once more without constraints.
    if (!(error instanceof Error && error.name === "OverconstrainedError")) throw error;
    return navigator.mediaDevices.getUserMedia({ audio: false, video: true });
  }
}

/**
 * Open a camera into `video` and wait for its first picture. Permission queries are unreliable across browsers, so only
 * the result of opening the stream counts.
 * @param {HTMLVideoElement} video
 * @param {string} deviceId empty for the front camera
 */
export async function open(video, deviceId) {
  try {
    const opened = await stream(deviceId);
    const facing = opened.getVideoTracks()[0]?.getSettings().facingMode;
    video.srcObject = opened;
    video.toggleAttribute("data-mirrored", facing !== "environment");
    await video.play();
    return opened;
  } catch (error) {
    close(video);
    throw faultOf(error);
  }
}

/** Stop the camera, so that its light goes out. @param {HTMLVideoElement} video */
export function close(video) {
  if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
}

/** The cameras, infrared and virtual ones last, because applicants rarely want them. */
export async function cameras() {
  const unlikely = /virtual|infrared|\bIR\b|obs/i;
  const devices = await navigator.mediaDevices.enumerateDevices();
  const found = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
  return found.sort((a, b) => Number(unlikely.test(a.label)) - Number(unlikely.test(b.label)));
}

// @ts-check
/** Checks what this browser lacks before it asks for the camera. */

const IN_APP = /FBAN|FBAV|Instagram|Line\/|MicroMessenger|Twitter|TikTok|musical_ly|Snapchat|; wv\)/;

/** Whether this is an in-app browser. */
export function inApp() {
  return IN_APP.test(navigator.userAgent);
}

/** @returns {"" | "insecure" | "in_app" | "unsupported"} */
export function lack() {
  if (!window.isSecureContext) return "insecure";
  const able = Boolean(navigator.mediaDevices?.getUserMedia) && "MediaRecorder" in window;
  if (able) return "";
  return inApp() ? "in_app" : "unsupported";
}

/** @returns {"ios" | "android" | "firefox" | "desktop"} the system, or the browser on a desktop, whose settings the instructions describe */
export function platform() {
  const agent = navigator.userAgent;
  // iPads identify as a Mac, but no Mac has a touch screen.
  if (/iPhone|iPad|iPod/.test(agent) || (/Mac/.test(agent) && navigator.maxTouchPoints > 1)) return "ios";
  if (/Android/.test(agent)) return "android";
  return /Firefox\//.test(agent) ? "firefox" : "desktop";
}

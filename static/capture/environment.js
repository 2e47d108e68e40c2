// @ts-check
/** What this browser lacks, found out before the person is asked for anything. */

const IN_APP = /FBAN|FBAV|Instagram|Line\/|MicroMessenger|Twitter|TikTok|musical_ly|Snapchat|; wv\)/;

/** Is this the browser built into another app? */
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

/** @returns {"ios" | "android" | "desktop"} whose settings the person has to look into */
export function platform() {
  const agent = navigator.userAgent;
  // An iPad calls itself a Mac, but no Mac has a touch screen.
  if (/iPhone|iPad|iPod/.test(agent) || (/Mac/.test(agent) && navigator.maxTouchPoints > 1)) return "ios";
  return /Android/.test(agent) ? "android" : "desktop";
}

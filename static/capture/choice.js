// @ts-check
/** Which camera is asked for: the person's choice, else the browser's, else the likeliest one that has not failed. */

import { within } from "../deadline.js";

const LIST_WITHIN = 2000;
// An unlikely camera is asked for only after the others have failed that often.
const HANDICAP = 2;
// Infrared ones for signing in, programs that pose as a camera, and cameras that look away from the person.
const UNLIKELY =
  /infrared|\bIR\b|depth|virtual|\bobs\b|manycam|xsplit|snap camera|nvidia broadcast|desk view|\bback\b|\brear\b/i;

let chosen = "";
/** @type {MediaDeviceInfo[]} in the browser's order */
let known = [];
/** @type {Map<string, number>} how often each camera has failed since it last worked */
const failures = new Map();

/** Whether applicants rarely want a camera with this name. @param {string} label */
function unlikely(label) {
  return UNLIKELY.test(label);
}

/** The cameras, unlikely ones last; without those that the browser does not name before it has the permission. */
export async function cameras() {
  try {
    const devices = await within(enumerate(), LIST_WITHIN);
    known = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
  } catch {
    // The list is a comfort: some browsers refuse it. What was known before stays.
  }
  return ordered();
}

function ordered() {
  return [...known].sort((a, b) => Number(unlikely(a.label)) - Number(unlikely(b.label)));
}

async function enumerate() {
  return await navigator.mediaDevices.enumerateDevices();
}

/** The person's choice. @param {string} deviceId */
export function choose(deviceId) {
  chosen = deviceId;
}

/** The camera to ask for next. @returns {string} empty to let the browser choose */
export function next() {
  if (chosen || !failures.size) return chosen;
  return best()?.deviceId ?? "";
}

/** A likelier camera than the one that the browser has chosen. @param {string} deviceId @param {string} label its name */
export async function better(deviceId, label) {
  if (!unlikely(label)) return "";
  await cameras();
  const found = best();
  return found && !unlikely(found.label) && found.deviceId !== deviceId ? found.deviceId : "";
}

/** @returns {MediaDeviceInfo | undefined} */
function best() {
  const cost = (/** @type {MediaDeviceInfo} */ device) =>
    (failures.get(device.deviceId) ?? 0) + (unlikely(device.label) ? HANDICAP : 0);
  return ordered().sort((a, b) => cost(a) - cost(b))[0];
}

/** A camera has shown a picture. @param {string} deviceId */
export function worked(deviceId) {
  failures.delete(deviceId);
}

/**
 * A camera gave no picture, so it is not asked for at once again; returns the others. If the browser had chosen it, it was
 * the first of its list.
 * @param {string} deviceId empty if the browser had chosen
 */
export async function failed(deviceId) {
  chosen = "";
  const all = await cameras();
  const broken = deviceId || known[0]?.deviceId || "";
  failures.set(broken, (failures.get(broken) ?? 0) + 1);
  return all.filter((camera) => camera.deviceId !== broken);
}

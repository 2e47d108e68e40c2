// @ts-check
/** The recording between its end and its arrival: played back, sent, kept over a reload, and given up. */

import * as kept from "../kept.js";
import { retryNow, sendInParts } from "./parts.js";
import { hopeless, unreadable } from "./recorder.js";
import { Refused } from "./server.js";
import * as view from "./view.js";

/** @typedef {import("./take.js").Take} Take */

// What the server says of a recording that the browser made badly: the next one is made in another type.
const MADE_BADLY = ["unsupported_video_type", "unsupported_video_codec", "video_corrupt", "video_no_picture"];
// Failures in a row after which the person is told that it does not work now.
const PATIENT = 3;

const mark = document.body.dataset.case ?? "";
const { recording = "", parts = "", home = "/" } = view.addresses;
const server = {
  recording,
  parts,
  largest: Number(view.addresses.partSize),
  smallest: Number(view.addresses.partLeast),
};
// After so many milliseconds the server takes no more of a recording whose sending has begun.
const longest = Number(view.addresses.sendWithin) * 1000;

/** @type {Take | null} the recording that is not sent yet */
let take = null;
/** @type {AbortController | null} of the sending under way */
let sending = null;
let expiry = 0;

export const isHeld = () => take !== null;

/** Play a fresh recording back. @param {Take} filmed */
export function offer(filmed) {
  hold(filmed, filmed.until - performance.now());
  kept.keep(mark, filmed, longest);
  view.play(filmed.blob);
}

/** After a reload: go on with the recording that was kept, if there is one. */
export async function restore() {
  const found = await kept.find(mark);
  if (!found) return;
  hold(found.take, found.left);
  if (found.take.begun) send();
  else view.play(found.take.blob);
}

/** Until then the server may take it. @param {Take} taken @param {number} milliseconds */
function hold(taken, milliseconds) {
  take = taken;
  clearTimeout(expiry);
  expiry = setTimeout(() => stopWith("expired"), milliseconds);
}

/** Send the recording, or try again at once. */
export async function send() {
  if (!take) return;
  view.progress(take.arrived, take.blob.size);
  view.show("sending");
  if (sending) return retryNow();
  if (!take.begun) {
    if (performance.now() > take.until) return stopWith("expired");
    // Once a part may have arrived, only the server knows how long it accepts the others.
    take.begun = true;
    hold(take, longest);
  }
  kept.note(take);
  sending = new AbortController();
  const { signal } = sending;
  try {
    leave(await sendInParts(server, take, { progress, failed }, signal));
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Refused) refused(error);
    else stopWith("unrecorded");
  }
}

/** @param {number} confirmed @param {number} total */
function progress(confirmed, total) {
  if (take) kept.note(take);
  view.progress(confirmed, total);
  view.keepShowing("sending");
}

/** @param {Refused} error @param {number} times */
function failed(error, times) {
  if (times < PATIENT) view.stuck();
  else view.lost(error.code);
}

/** The server refused a challenge or a recording, or did not answer. @param {Refused} error */
export function refused(error) {
  if (error.next) leave(error.next);
  else if (take && MADE_BADLY.includes(error.code)) madeBadly(take);
  else stopWith(error.message || error.code);
}

/** @param {Take} made */
function madeBadly(made) {
  unreadable(made.type);
  if (!hopeless()) return stopWith("unreadable");
  forget();
  view.show("no_recorder");
}

/** @param {string} reason */
function stopWith(reason) {
  forget();
  view.stopped(reason);
}

/** @param {string} next */
async function leave(next) {
  await forget();
  location.assign(next || home);
}

/** Give the recording up; resolves when it is deleted. */
export function forget() {
  clearTimeout(expiry);
  sending?.abort();
  sending = null;
  take = null;
  view.unplay();
  return kept.drop();
}

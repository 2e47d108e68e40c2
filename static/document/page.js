// @ts-check
/** Controls the photo step: takes a photo by whatever way it comes, shows it, and sends it. */

import { ready } from "../page.js";
import { forget, read, smaller, Unusable } from "./photo.js";
import { send, Unsent } from "./sending.js";
import * as view from "./view.js";
import { wire } from "./ways.js";

// Milliseconds until the page says why reading takes so long.
const LONG = 3000;

/** @type {import("./photo.js").Photo | null} */
let photo = null;
/** The reading of the file that was chosen last. */
let reading = Promise.resolve();
let chosen = 0;
let sending = false;
/** Calls off the sending of a photo in whose place another one comes. */
let sender = new AbortController();
/** Sent again as soon as the browser is online. */
let resumes = false;

/** @param {File} file */
function take(file) {
  const mine = ++chosen;
  drop();
  view.tell("");
  view.note("reading");
  const slow = setTimeout(() => view.note("still_reading"), LONG);
  reading = read(file, view.limits)
    .then((found) => {
      if (mine !== chosen) return forget(found);
      photo = found;
      view.show(found, file);
      view.put(found.file);
    })
    .catch((error) => {
      if (mine !== chosen) return;
      view.put(null);
      view.tell(error instanceof Unusable ? error.code : "unreadable_file");
    })
    .finally(() => {
      clearTimeout(slow);
      if (mine === chosen) view.note("");
    });
}

function drop() {
  sender.abort();
  resumes = false;
  forget(photo);
  photo = null;
  view.show(null);
}

/** @param {FileList | undefined} files dropped, pasted or chosen */
function takeOne(files) {
  if (files?.length === 1) take(files[0]);
  else if (files?.length) view.tell("exactly_one_file");
}

async function submit() {
  if (sending) return;
  sending = true;
  resumes = false;
  view.busy(true);
  const asked = chosen;
  await reading;
  try {
    if (asked !== chosen) return; // what was chosen meanwhile waits for its own press of the button
    if (photo) await sendPhoto(photo);
    else view.ask();
  } finally {
    sending = false;
    view.busy(false);
  }
}

/** @param {import("./photo.js").Photo} given @param {boolean} [again] it was made smaller, because it did not get through */
async function sendPhoto(given, again = false) {
  view.tell("");
  view.note("sending");
  sender = new AbortController();
  try {
    answered(await send(view.form, given, view.progress, sender.signal));
  } catch (error) {
    const code = error instanceof Unsent ? error.code : "no_connection";
    const helps = photo === given && (code === "too_slow" || code === "too_large_for_network");
    const less = helps ? await smaller(given) : given;
    if (photo !== given) return; // another one was chosen meanwhile
    photo = less;
    if (code === "too_large_for_network" && less !== given && !again) return sendPhoto(less, true);
    resumes = code === "no_connection";
    view.note("");
    view.tell(code);
  }
}

/** @param {import("./sending.js").Answer} answer of the portal */
function answered({ status, redirected, page }) {
  if (redirected) return location.assign(redirected);
  view.note("");
  const fault = view.faultOn(page) ?? (status >= 500 ? view.troubleOn(page) : null);
  if (!fault) return view.replace(page);
  view.tell(fault.code, fault.words);
  // What passes leaves the photo as it is, to be sent again.
  if (status >= 500 || [408, 429].includes(status)) return;
  drop();
  view.put(null);
  view.input.focus({ preventScroll: true });
}

wire({ submit, takeOne });
addEventListener("online", () => resumes && submit());
// The browser may restore the chosen file; without one, the message of the server stays.
takeOne(view.input.files ?? undefined);
ready();

// @ts-check
/** Sends the form with the photo. Anybody on the way may answer in the portal's place, or nobody at all. */

import { isOurs } from "../answers.js";
import { Overdue } from "../deadline.js";
import { upload } from "../upload.js";

// Milliseconds for the answer, which a slow proxy may pass on late.
const PATIENCE = 120_000;

/**
 * An answer of the portal: where its redirects led, or "" without one, and the page.
 * @typedef {{ status: number, redirected: string, page: Document }} Answer
 */

/** The photo has not arrived, as far as anybody can know; `code` is what the page says about it. */
export class Unsent extends Error {
  /** @param {"no_connection" | "too_slow" | "not_ours" | "too_large_for_network"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {XMLHttpRequest} call @param {string} address @returns {Answer} */
function read(call, address) {
  if (!isOurs((name) => call.getResponseHeader(name)))
    throw new Unsent(call.status === 413 ? "too_large_for_network" : "not_ours");
  const page = new DOMParser().parseFromString(call.responseText, "text/html");
  return { status: call.status, redirected: call.responseURL === address ? "" : call.responseURL, page };
}

/**
 * Rejects with Unsent.
 * @param {HTMLFormElement} form
 * @param {import("./photo.js").Photo} photo
 * @param {(share: number) => void} progress the share that was sent, of 1
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function send(form, photo, progress, signal) {
  const body = new FormData(form);
  body.set("photo", photo.file, photo.file.name);
  body.set("change", photo.change);
  const what = { method: "POST", url: form.action, body, patience: PATIENCE, signal, progress };
  const call = await upload(what).catch((error) => {
    throw new Unsent(error instanceof Overdue ? "too_slow" : "no_connection");
  });
  if (!call.status) throw new Unsent("no_connection");
  return read(call, form.action);
}

// @ts-check
/** Sends the form with the photo. Anybody on the way may answer in the portal's place, or nobody at all. */

import { isOurs } from "../answers.js";

// Milliseconds without progress; and for the answer, which a slow proxy may pass on late.
const QUIET = 30_000;
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
 * XMLHttpRequest, because fetch reports no upload progress. Rejects with Unsent.
 * @param {HTMLFormElement} form
 * @param {import("./photo.js").Photo} photo
 * @param {(share: number) => void} onProgress the share that was sent, of 1
 * @param {AbortSignal} calledOff
 * @returns {Promise<Answer>}
 */
export function send(form, photo, onProgress, calledOff) {
  const content = new FormData(form);
  content.set("photo", photo.file, photo.file.name);
  content.set("change", photo.change);
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    let timer = 0;
    const restart = (/** @type {number} */ milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(() => call.abort(), milliseconds);
    };
    call.upload.addEventListener("progress", (event) => {
      restart(QUIET);
      onProgress(event.loaded / event.total);
    });
    call.upload.addEventListener("load", () => restart(PATIENCE));
    call.addEventListener("loadend", () => clearTimeout(timer));
    call.addEventListener("load", () => {
      try {
        resolve(read(call, form.action));
      } catch (error) {
        reject(error);
      }
    });
    call.addEventListener("error", () => reject(new Unsent("no_connection")));
    calledOff.addEventListener("abort", () => call.abort());
    call.addEventListener("abort", () => reject(new Unsent("too_slow")));
    call.open("POST", form.action);
    restart(QUIET);
    call.send(content);
  });
}

// @ts-check
/** Sends a body to the server, and gives a dead connection up. XMLHttpRequest, because fetch reports no upload progress. */

import { Overdue } from "./deadline.js";

// A dead connection often reports no error: a body that makes no progress for so many milliseconds is given up.
const QUIET = 30_000;

/**
 * Resolves to the call; its status is 0 if the connection broke or `signal` was aborted. Rejects with Overdue.
 * `patience`: milliseconds for the answer after the last byte, because a proxy may take a body at once and pass it on slowly.
 * @param {{ method: string, url: string, body: FormData | Blob, headers?: Record<string, string>, patience: number, signal: AbortSignal, progress?: (share: number) => void }} what
 * @returns {Promise<XMLHttpRequest>}
 */
export function upload({ method, url, body, headers = {}, patience, signal, progress = () => {} }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    let timer = 0;
    // A call may report nothing, also not that it was aborted.
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(call);
    };
    const stop = () => {
      settle();
      call.abort();
    };
    /** @param {number} milliseconds */
    const allow = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        reject(new Overdue());
        stop();
      }, milliseconds);
    };
    if (signal.aborted) return settle();
    signal.addEventListener("abort", stop);
    // Firefox reports the "load" of the body only with the answer.
    call.upload.addEventListener("progress", ({ loaded, total }) => {
      allow(loaded < total ? QUIET : patience);
      progress(loaded / total);
    });
    call.upload.addEventListener("load", () => allow(patience));
    call.addEventListener("loadend", settle);
    call.open(method, url);
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    allow(QUIET);
    call.send(body);
  });
}

// @ts-check
/**
 * Sends a recording in parts, until the server has it or refuses it. What breaks costs one part only, and the first part
 * fixes the recording: the others may come after the challenge's end.
 */

import { pace } from "./pace.js";
import { postForm, putPart, Refused } from "./server.js";

// Before a part is sent again; the last one repeats. A phone takes seconds to change from one network to another.
const WAITS = [1000, 3000, 9000, 15_000, 30_000, 60_000];
// Also when the browser says that it is online again, which may be wrong many times in a row.
const SHORTEST_WAIT = 1000;

/**
 * `largest`, `smallest`: of a part, in bytes, as the server takes it.
 * @typedef {{ recording: string, parts: string, largest: number, smallest: number }} Server
 * Callbacks for the bytes that the server has confirmed, and for a failure: why, and how many there were in a row.
 * @typedef {{ progress: (confirmed: number, total: number) => void, failed: (error: Refused, times: number) => void }} Listener
 */

/**
 * Resolves to the next page's address. Rejects with Refused if the portal refuses the recording, and when `signal` is
 * aborted; all else is tried again.
 * @param {Server} server
 * @param {import("./take.js").Take} take
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function sendInParts(server, take, listener, signal) {
  const whole = await digest(take.blob);
  const speed = pace(server.smallest, server.largest);
  let failures = 0;
  let furthest = take.arrived;
  for (;;) {
    const before = take.arrived;
    try {
      if (take.arrived === take.blob.size) return await postForm(server.recording, take, signal);
      take.arrived = await sendPart(server.parts, take, whole, speed, signal);
      listener.progress(take.arrived, take.blob.size);
    } catch (error) {
      if (signal.aborted || !(error instanceof Refused) || !goesOn(take, error)) throw error;
      // The part may have arrived although its answer was lost: that is no failure.
      if (take.arrived > before) continue;
      speed.shrink();
      listener.failed(error, ++failures);
      await pause(Math.max(error.wait, WAITS[Math.min(failures, WAITS.length) - 1]), signal);
    }
    if (take.arrived > furthest) failures = 0;
    furthest = Math.max(furthest, take.arrived);
  }
}

/** Whether sending can continue; sets the offset from which. @param {import("./take.js").Take} take @param {Refused} error */
function goesOn(take, error) {
  if (error.offset !== undefined) {
    take.arrived = error.offset;
    return true;
  }
  if (error.code !== "checksum_mismatch") return error.passing;
  // A damaged part is sent again; if the whole file is damaged, everything is.
  if (take.arrived === take.blob.size) take.arrived = 0;
  return true;
}

/**
 * @param {string} url
 * @param {import("./take.js").Take} take
 * @param {string} whole its digest
 * @param {ReturnType<typeof pace>} speed
 * @param {AbortSignal} signal
 */
async function sendPart(url, take, whole, speed, signal) {
  const offset = take.arrived;
  const blob = take.blob.slice(offset, offset + speed.size());
  const headers = {
    "Content-Digest": await digest(blob),
    "Repr-Digest": whole,
    "Upload-Attempt": take.attempt,
    "Upload-Nonce": take.nonce,
    "Upload-Length": String(take.blob.size),
  };
  const began = performance.now();
  const next = await putPart(url, { blob, offset, patience: speed.patience(blob.size), headers, signal });
  speed.measured(blob.size, performance.now() - began);
  return next;
}

/** The SHA-256 in the syntax of RFC 9530. @param {Blob} blob */
async function digest(blob) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}

let wake = () => {};

/** Try again at once, if the next try is being waited for. */
export function retryNow() {
  wake();
}

/**
 * Wait so long, or until something speaks for another try: the browser is online again, the page is visible again, or
 * the person asks for it.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const done = () => {
      over.abort();
      clearTimeout(timer);
      if (signal.aborted) reject(signal.reason);
      else resolve(undefined);
    };
    let timer = setTimeout(done, ms);
    // A browser may say that it is online again many times in a row: only the first time counts.
    let hurried = false;
    const soon = () => {
      if (hurried) return;
      hurried = true;
      clearTimeout(timer);
      timer = setTimeout(done, SHORTEST_WAIT);
    };
    wake = done;
    addEventListener("online", soon, { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden || soon(), { signal: over.signal });
    signal.addEventListener("abort", done, { signal: over.signal });
  });
}

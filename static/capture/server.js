// @ts-check
/** Requests to the server: get a challenge, send a recording, in parts if it is large. Does not touch the page. */

import { csrfToken } from "../csrf.js";

/** @typedef {{ attempt: string, nonce: string, mode: string, actions: { code: string, name: string }[], expires_in: number }} Challenge */

// Delays before a part is sent again. A phone takes seconds to change from one network to another.
const WAITS = [1000, 3000, 9000];
// A dead connection often reports no error: abort after this time without progress.
const QUIET = 30_000;
// Time for the server to check a complete recording.
const PATIENCE = 90_000;

/** An answer other than success; status 0 if the server could not be reached. */
export class Refused extends Error {
  /** @param {number} status @param {{ error?: { code: string, message: string, expected_offset?: number }, next?: string }} [body] */
  constructor(status, body) {
    super(body?.error?.message ?? "");
    this.status = status;
    this.code = body?.error?.code ?? (status ? "server" : "offline");
    this.next = body?.next ?? "";
    /** The offset at which the server expects the next part. */
    this.offset = body?.error?.expected_offset;
  }

  /** The recording is not at fault: the same request may succeed later. */
  get passing() {
    if (this.code === "upload_quota_reached") return false;
    return this.status === 0 || this.status >= 500 || [408, 429].includes(this.status);
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function headers() {
  return { "X-CSRFToken": csrfToken(), Accept: "application/json" };
}

/** @param {string} url @returns {Promise<Challenge>} */
export async function requestChallenge(url) {
  const options = { method: "POST", headers: headers() };
  const answer = await fetch(url, options).catch(() => {
    throw new Refused(0);
  });
  const body = parse(await answer.text());
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

/**
 * XMLHttpRequest, because fetch reports no upload progress.
 * @param {{ method: string, url: string, body: FormData | Blob, headers?: Record<string, string>, quiet: number }} what
 * @param {(sent: number) => void} onProgress
 * @returns {Promise<{ next: string }>}
 */
function request({ method, url, body, headers: more = {}, quiet }, onProgress) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    let timer = 0;
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => call.abort(), quiet);
    };
    call.upload.addEventListener("progress", (event) => {
      restart();
      onProgress(event.loaded);
    });
    call.addEventListener("loadend", () => clearTimeout(timer));
    call.addEventListener("load", () => {
      const answer = parse(call.responseText);
      if (call.status < 300) resolve(answer);
      else reject(new Refused(call.status, answer));
    });
    for (const kind of ["error", "abort", "timeout"]) call.addEventListener(kind, () => reject(new Refused(0)));
    call.open(method, url);
    for (const [name, value] of Object.entries({ ...headers(), ...more })) call.setRequestHeader(name, value);
    restart();
    call.send(body);
  });
}

/** @param {import("./take.js").Take} take @param {boolean} whole false if the video was sent in parts */
function formOf(take, whole) {
  const form = new FormData();
  form.append("attempt", take.attempt);
  form.append("nonce", take.nonce);
  form.append("signals", JSON.stringify(take.signals));
  if (whole) form.append("video", take.blob, take.name);
  return form;
}

/** The SHA-256 in the syntax of RFC 9530. @param {Blob} blob */
async function digest(blob) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}

/** Wait for `ms`, or until the browser is online again. @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

/**
 * The URLs and the part size in bytes; callbacks for the progress in bytes, and for a stalled upload.
 * @typedef {{ recording: string, parts: string, partSize: number }} Addresses
 * @typedef {{ progress: (sent: number, total: number) => void, stuck: () => void }} Listener
 */

/**
 * Send the recording: in one request if it is small, else in parts, continuing after the bytes that have arrived.
 * @param {Addresses} addresses
 * @param {import("./take.js").Take} take
 * @param {Listener} listener
 * @returns {Promise<{ next: string }>}
 */
export function send(addresses, take, listener) {
  const total = take.blob.size;
  if (total > addresses.partSize) return sendInParts(addresses, take, listener);
  const body = formOf(take, true);
  const whole = { method: "POST", url: addresses.recording, body, quiet: PATIENCE };
  return request(whole, (sent) => listener.progress(Math.min(sent, total), total));
}

/** @param {Addresses} addresses @param {import("./take.js").Take} take @param {Listener} listener */
async function sendInParts(addresses, take, listener) {
  const total = take.blob.size;
  const whole = await digest(take.blob);
  let failed = 0;
  let furthest = take.arrived;
  for (;;) {
    const before = take.arrived;
    try {
      if (take.arrived === total) return await sendForm(addresses, take);
      await sendPart(addresses, take, whole, listener);
    } catch (error) {
      if (failed === WAITS.length || !(error instanceof Refused) || !goesOn(take, error)) throw error;
      // The part may have arrived although its answer was lost: that is no failure.
      if (take.arrived > before) continue;
      listener.stuck();
      await pause(WAITS[failed++]);
      continue;
    }
    if (take.arrived > furthest) failed = 0;
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
 * @param {Addresses} addresses
 * @param {import("./take.js").Take} take
 * @param {string} whole its digest
 * @param {Listener} listener
 */
async function sendPart(addresses, take, whole, listener) {
  const offset = take.arrived;
  const total = take.blob.size;
  const part = take.blob.slice(offset, offset + addresses.partSize);
  const headers = {
    "Content-Type": "application/octet-stream",
    "Content-Digest": await digest(part),
    "Repr-Digest": whole,
    "Upload-Attempt": take.attempt,
    "Upload-Nonce": take.nonce,
    "Upload-Offset": String(offset),
    "Upload-Length": String(total),
  };
  const report = (/** @type {number} */ sent) => listener.progress(Math.min(offset + sent, total - 1), total);
  await request({ method: "PUT", url: addresses.parts, body: part, headers, quiet: QUIET }, report);
  take.arrived = offset + part.size;
  listener.progress(take.arrived, total);
}

/** After all parts: send the form fields without the file. @param {Addresses} addresses @param {import("./take.js").Take} take */
function sendForm(addresses, take) {
  const body = formOf(take, false);
  return request({ method: "POST", url: addresses.recording, body, quiet: PATIENCE }, () => {});
}

// @ts-check
/** Single requests to the server: a challenge, a part of the recording, its form. Each has a deadline. Does not touch the page. */

import { ask, NONE, read, retryAfter } from "../answers.js";
import { csrfToken } from "../csrf.js";
import { upload } from "../upload.js";

/** @typedef {{ attempt: string, nonce: string, mode: string, actions: { code: string, name: string }[], expires_in: number }} Challenge */
/** @typedef {import("../answers.js").Answer} Answer */

// The server draws a challenge in milliseconds; the rest is the line's. Nobody keeps posing for longer.
const CHALLENGE_WITHIN = 10_000;
// Time for the server to check a complete recording. If it did, asking again finds the answer.
const CHECKED_WITHIN = 60_000;

/** An answer other than success, somebody else's, or none. */
export class Refused extends Error {
  /** @param {Answer} answer */
  constructor(answer) {
    super(answer.body.error?.message ?? "");
    const { status, ours, body } = answer;
    const { error, next } = body;
    this.status = status;
    /** What the portal says; else who answered in its place: its own machinery, a stranger, nobody. */
    this.code = error?.code ?? (ours ? "server" : status ? "foreign" : "offline");
    this.next = next ?? "";
    /** The offset at which the server expects the next part. @type {number | undefined} */
    this.offset = error?.expected_offset;
    this.wait = retryAfter(answer);
    this.said = error !== undefined;
  }

  /** The recording is not at fault: the same request may succeed later. Only the portal can say otherwise. */
  get passing() {
    if (!this.said) return true;
    if (this.code === "upload_quota_reached") return false;
    return this.status >= 500 || [408, 429].includes(this.status);
  }
}

function headers() {
  return { "X-CSRFToken": csrfToken(), Accept: "application/json" };
}

/** @param {string} url @returns {Promise<Challenge>} */
export async function requestChallenge(url) {
  const answer = await ask(url, { method: "POST", headers: headers() }, CHALLENGE_WITHIN);
  if (answer.status !== 200 || !answer.body.attempt) throw new Refused(answer);
  return answer.body;
}

/**
 * @param {{ method: string, url: string, body: FormData | Blob, headers?: Record<string, string>, patience: number, signal: AbortSignal }} what
 * @returns {Promise<Answer>}
 */
async function request({ headers: more, ...what }) {
  const call = await upload({ ...what, headers: { ...headers(), ...more } }).catch(() => null);
  const answer = call?.status ? read(call.status, (name) => call.getResponseHeader(name), call.responseText) : NONE;
  if (answer.ours && answer.status >= 200 && answer.status < 300) return answer;
  throw new Refused(answer);
}

/**
 * Send one part. Resolves to the offset at which the server expects the next one.
 * @param {string} url
 * @param {{ blob: Blob, offset: number, patience: number, headers: Record<string, string>, signal: AbortSignal }} part
 * @returns {Promise<number>}
 */
export async function putPart(url, { blob, offset, patience, headers: described, signal }) {
  const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset), ...described };
  const answer = await request({ method: "PUT", url, body: blob, headers, patience, signal });
  return Number(answer.header("Upload-Offset")) || offset + blob.size;
}

/**
 * After all parts: send the form fields. Resolves to the next page's address.
 * @param {string} url
 * @param {import("./take.js").Take} take
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function postForm(url, take, signal) {
  const body = new FormData();
  body.append("attempt", take.attempt);
  body.append("nonce", take.nonce);
  body.append("signals", JSON.stringify(take.signals));
  const answer = await request({ method: "POST", url, body, patience: CHECKED_WITHIN, signal });
  // Without the page to go to, the answer did not arrive whole: asking again finds it.
  if (!answer.body.next) throw new Refused(answer);
  return answer.body.next;
}

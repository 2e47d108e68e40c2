// @ts-check
/**
 * Which answers are the portal's own. A proxy, a filter or the sign-in page of a Wi-Fi may answer in its place, with any
 * status and any content: only an answer with the mark that the portal puts on each of its own says anything.
 */

import { within } from "./deadline.js";

// kyc_portal/headers.py sets it.
const MARK = "KYC-Portal";
const LONGEST_WAIT = 300_000;

/**
 * `status`: 0 if nothing answered in time; `ours`: whether it has the mark; `body`: its JSON, {} without one;
 * `header`: the value of a header, null without it.
 * @typedef {{ status: number, ours: boolean, body: any, header: (name: string) => string | null }} Answer
 */

/** @type {Answer} */
export const NONE = { status: 0, ours: false, body: {}, header: () => null };

/** @param {(name: string) => string | null} header of an answer */
export const isOurs = (header) => header(MARK) !== null;

/**
 * @param {number} status
 * @param {(name: string) => string | null} header
 * @param {string} text
 * @returns {Answer}
 */
export function read(status, header, text) {
  const ours = isOurs(header);
  return { status, ours, body: ours ? parse(text) : {}, header };
}

/** @param {string} text @returns {any} {} for what was cut off on its way */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/**
 * Ask by `fetch`. Never rejects, and has settled after so many milliseconds.
 * @param {string} url
 * @param {RequestInit} options
 * @param {number} milliseconds
 * @returns {Promise<Answer>}
 */
export async function ask(url, options, milliseconds) {
  const over = new AbortController();
  const asking = async () => {
    const answer = await fetch(url, { ...options, signal: over.signal });
    return read(answer.status, (name) => answer.headers.get(name), await answer.text());
  };
  try {
    return await within(asking(), milliseconds);
  } catch {
    return NONE;
  } finally {
    over.abort();
  }
}

/** How long the answer asks to wait, in milliseconds; 0 if it does not. @param {Answer} answer */
export function retryAfter({ header }) {
  const value = header("Retry-After") ?? "";
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(LONGEST_WAIT, Math.max(0, milliseconds || 0));
}

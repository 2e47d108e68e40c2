// @ts-check
// Shows the ledger's calls as table rows, the newest first.

const MARKS = { pass: "✓", warn: "!", fail: "✕", wait: "…" };

// Text of a call without an answer: none will come, and one is pending.
/** @type {Record<string, [string, string]>} */
const UNDER_WAY = {
  receiving: ["being received", ", being judged"],
  waiting: ["waiting", ", waiting"],
  held: ["held", ", held"],
  answering: ["being answered", ", on its way"],
  broken_off: ["client went away", ", client went away"],
};

let shown = "";

/**
 * One call as `ledger.py` keeps it; what is not known yet is null.
 * @typedef {{ number: number, arrived_at: string, state: string, answer: string | null, verdict: string | null,
 *   sim: number | null, signature: string | null, liveness_type: string | null, validate_data: string | null,
 *   video_container: string | null, video: Video | null, body_size: number | null, request_id: string | null }} Call
 * @typedef {{ codec: string, width: number, height: number, duration: number }} Video
 */

/** @param {Call} call @returns {"pass" | "warn" | "fail" | "wait"} */
function kind(call) {
  if (call.state !== "answered") return call.state === "broken_off" ? "fail" : "wait";
  if (call.answer === "Success") return "pass";
  // A Result has a similarity, be it 0; Errors and faults are the vendor's own failures.
  return call.sim !== null && call.answer === call.verdict ? "warn" : "fail";
}

/** @param {Call} call */
function answer(call) {
  const words = document.createElement("span");
  words.className = "answer";
  words.dataset.kind = kind(call);
  words.append(`${MARKS[kind(call)]}\u00a0`, ...breakable(textOf(call)));
  return words;
}

/** @param {Call} call */
function textOf(call) {
  const [alone, after] = UNDER_WAY[call.state] ?? ["", ""];
  return call.answer === null ? alone : call.answer + after;
}

/** Codes are long words: let them break after a dot or before a capital. @param {string} code */
function breakable(code) {
  const parts = (code.match(/[A-Z]?[^A-Z._]*[._]?/g) ?? []).filter(Boolean);
  return parts.flatMap((part) => [part, document.createElement("wbr")]);
}

/** @param {Call} call */
function signature(call) {
  if (call.signature === null) return "not looked at";
  return call.signature.includes(".") ? "refused" : call.signature;
}

/** @param {Call} call */
function video(call) {
  if (!call.video) return call.video_container ?? "";
  const { codec, width, height, duration } = call.video;
  return `${call.video_container} ${codec} ${width}×${height} ${duration.toFixed(1)} s`;
}

/** @param {number | null} size */
function bytes(size) {
  if (size === null) return "";
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(2)} MB`;
}

/** @param {Call} call @returns {[string, string | Node][]} */
function cells(call) {
  return [
    ["No.", String(call.number)],
    ["Arrived", call.arrived_at.slice(11, 23)],
    ["Answer", answer(call)],
    ["Sim", call.sim === null || call.answer !== call.verdict ? "" : String(call.sim)],
    ["Mode", [call.liveness_type, call.validate_data].filter(Boolean).join(" ")],
    ["Video", video(call)],
    ["Body", bytes(call.body_size)],
    ["Signature", signature(call)],
    ["RequestId", call.request_id ?? ""],
  ];
}

/** @param {Call} call */
function row(call) {
  const line = document.createElement("tr");
  for (const [label, content] of cells(call)) {
    const cell = document.createElement("td");
    cell.dataset.label = label;
    cell.append(content);
    line.append(cell);
  }
  return line;
}

/** @param {Call[]} calls */
export function showCalls(calls) {
  const now = JSON.stringify(calls);
  // Left alone while nothing changes, so that a selection or a scroll position survives.
  if (now === shown) return;
  shown = now;
  const body = /** @type {HTMLElement} */ (document.getElementById("calls"));
  body.replaceChildren(...[...calls].reverse().map(row));
  /** @type {HTMLElement} */ (document.querySelector(".table")).hidden = calls.length === 0;
  const held = calls.some((call) => call.state === "held");
  /** @type {HTMLElement} */ (document.getElementById("release")).hidden = !held;
  /** @type {HTMLElement} */ (document.getElementById("calls-empty")).hidden = calls.length > 0;
  /** @type {HTMLElement} */ (document.getElementById("clear-ledger")).hidden = calls.length === 0;
}

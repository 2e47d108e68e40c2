// @ts-check
/** The status page: polls the status at growing intervals, and loads the next page when it has changed. */

import { ask, retryAfter } from "../answers.js";
import { ready } from "../page.js";
import { moveOn, waitAfterMoves } from "./moves.js";

const main = /** @type {HTMLElement} */ (document.querySelector("main[data-poll]"));
const stages = /** @type {HTMLElement[]} */ ([...main.querySelectorAll("[data-after]")]);
const parts = /** @type {HTMLElement[]} */ ([...main.querySelectorAll("[data-while]")]);
const noConnection = /** @type {HTMLElement} */ (main.querySelector("[data-no-connection]"));
const since = performance.now();
const FIRST = 1000;
const SLOWEST = main.dataset.outcome === "checking" ? 8000 : 60000;
const ANSWERED_WITHIN = 15_000;
// Failures in a row after which the person is told.
const PATIENT = 3;

/** @param {number} seconds */
function tellStage(seconds) {
  const current = stages.filter((stage) => Number(stage.dataset.after) <= seconds).at(-1);
  for (const stage of stages) stage.hidden = stage !== current;
}

/** Show the texts for a delay on our side, or those without one. @param {boolean} delayed */
function tellDelay(delayed) {
  for (const part of parts) part.hidden = (part.dataset.while === "delayed") !== delayed;
}

let failures = 0;

/** Tell the person after PATIENT answers in a row that were missing or not the portal's. @param {boolean} failed */
function tellConnection(failed) {
  failures = failed ? failures + 1 : 0;
  noConnection.hidden = failures < PATIENT;
}

/**
 * What an answer of the portal says. One that it did not give says nothing.
 * @param {import("../answers.js").Answer} answer
 * @returns {{ to: string } | null} where to go on; "" for this page, which is out of date; null to stay
 */
function whereTo({ status, ours, body }) {
  if (!ours || status >= 500 || status === 429) return null;
  if (status >= 400) return { to: body.next ?? "" };
  if (body.outcome === undefined) return null;
  tellDelay(body.delayed);
  return body.outcome === main.dataset.outcome ? null : { to: "" };
}

/** @param {number} wait milliseconds */
function poll(wait) {
  let timer = setTimeout(look, wait);
  // A browser may say that it is online again many times in a row: only the first time counts.
  const soon = () => {
    removeEventListener("online", soon);
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(wait, FIRST));
  };
  addEventListener("online", soon);
  async function look() {
    removeEventListener("online", soon);
    tellStage((performance.now() - since) / 1000);
    // A hidden page does not poll; it polls at once when it is visible again.
    if (document.hidden) return document.addEventListener("visibilitychange", () => poll(0), { once: true });
    const answer = await ask(main.dataset.poll ?? "", { headers: { Accept: "application/json" } }, ANSWERED_WITHIN);
    const found = whereTo(answer);
    tellConnection(!answer.ours);
    if (found) moveOn(found.to);
    // If moving on leads nowhere, it is tried again.
    poll(Math.max(retryAfter(answer), Math.min(SLOWEST, Math.max(FIRST, wait * 1.3))));
  }
}

if (stages.length) setInterval(() => tellStage((performance.now() - since) / 1000), 1000);
poll(waitAfterMoves());
ready();

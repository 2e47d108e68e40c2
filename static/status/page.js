// @ts-check
/** The status page: polls the status at growing intervals, and loads the next page when it has changed. */

import { ready } from "../page.js";

const main = /** @type {HTMLElement} */ (document.querySelector("main[data-poll]"));
const stages = /** @type {HTMLElement[]} */ ([...main.querySelectorAll("[data-after]")]);
const parts = /** @type {HTMLElement[]} */ ([...main.querySelectorAll("[data-while]")]);
const since = Date.now();
const FIRST = 1000;
const SLOWEST = main.dataset.outcome === "checking" ? 8000 : 60000;

/** @param {number} seconds */
function tellStage(seconds) {
  const current = stages.filter((stage) => Number(stage.dataset.after) <= seconds).at(-1);
  for (const stage of stages) stage.hidden = stage !== current;
}

/** Show the texts for a delay on our side, or those without one. @param {boolean} delayed */
function tellDelay(delayed) {
  for (const part of parts) part.hidden = (part.dataset.while === "delayed") !== delayed;
}

/** @returns {Promise<boolean>} whether the page is out of date */
async function moved() {
  const answer = await fetch(main.dataset.poll ?? "", { headers: { Accept: "application/json" } });
  if (answer.status >= 500) return false;
  if (!answer.ok) {
    // The server names the page that tells why.
    const { next } = await answer.json();
    if (next) location.assign(next);
    return !next;
  }
  const { outcome, delayed } = await answer.json();
  tellDelay(delayed);
  return outcome !== main.dataset.outcome;
}

/** @param {number} wait milliseconds */
function ask(wait) {
  setTimeout(async () => {
    tellStage((Date.now() - since) / 1000);
    // A hidden page does not poll; it polls at once when it is visible again.
    if (document.hidden) return document.addEventListener("visibilitychange", () => ask(0), { once: true });
    const reload = await moved().catch(() => false);
    if (reload) location.reload();
    else ask(Math.min(SLOWEST, Math.max(FIRST, wait * 1.3)));
  }, wait);
}

if (stages.length) setInterval(() => tellStage((Date.now() - since) / 1000), 1000);
ask(FIRST);
ready();

// @ts-check
/** Keeps the case with the reviewer who works on it: any sign of work renews the hold, at most once a minute. */

import { token } from "../token.js";
import { ask, tell } from "../trouble.js";

const EVERY = 60_000;

const badge = /** @type {HTMLElement | null} */ (document.querySelector("[data-hold]"));

/**
 * Renew the hold.
 * @returns {Promise<import("../trouble.js").Trouble | "not-held">} what keeps the case from being ours, or us from knowing
 */
export async function renew() {
  if (!badge) return "not-held";
  const { trouble, answer } = await ask(badge.dataset.renew ?? "", {
    method: "POST",
    headers: { "X-CSRFToken": token() },
  });
  if (!answer) return trouble;
  if (!answer.ok) return "not-held";
  const { until } = await answer.json();
  const time = /** @type {HTMLTimeElement | null} */ (badge.querySelector("[data-until]"));
  if (time) {
    time.dateTime = until;
    time.textContent = until.slice(11, 16);
  }
  return "";
}

/** Say it where the decision is written. @param {Awaited<ReturnType<typeof renew>>} trouble */
export function tellHold(trouble) {
  tell(trouble);
  if (badge && trouble !== "offline") badge.hidden = trouble !== "";
}

export function hold() {
  if (!badge) return;
  let last = Date.now();
  let ours = true;
  const worked = async () => {
    if (!ours || Date.now() - last < EVERY) return;
    last = Date.now();
    const trouble = await renew();
    // No network for a moment: the next sign of work tries again.
    if (trouble === "offline") return;
    ours = trouble === "";
    tellHold(trouble);
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, worked, { passive: true });
  }
}

// @ts-check
/** Renews the reviewer's claim on the case while they work on it, at most once a minute. */

import { token } from "../token.js";
import { ask, tell } from "../trouble.js";

const EVERY = 60_000;

const badge = /** @type {HTMLElement | null} */ (document.querySelector("[data-hold]"));

/**
 * Renew the claim.
 * @returns {Promise<import("../trouble.js").Trouble | "not-held">} "" if renewed
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

/** Show the notice at the decision form. @param {Awaited<ReturnType<typeof renew>>} trouble */
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
    // Offline for a moment: the next activity tries again.
    if (trouble === "offline") return;
    ours = trouble === "";
    tellHold(trouble);
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, worked, { passive: true });
  }
}

// @ts-check
/** Shows the masked details in place, so that an unfinished decision stays. Without scripts the form submits. */

import { token } from "../token.js";

/** @param {HTMLFormElement} form */
async function show(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-CSRFToken": token(), Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  /** @type {Record<string, string>} */
  const details = await answer.json();
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-detail]"))) {
    place.textContent = details[place.dataset.detail ?? ""] || "–";
  }
}

export function reveal() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-reveal]"));
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    // Each click would record another look in the trail.
    if (button) button.disabled = true;
    const message = /** @type {HTMLElement | null} */ (form.querySelector("[data-done]"));
    try {
      await show(form);
      button?.remove();
      form.querySelector("select")?.setAttribute("disabled", "");
      if (message) message.textContent = message.dataset.done ?? "";
    } catch {
      // The page stays: there may be an unfinished decision on it.
      if (button) button.disabled = false;
      if (message) message.textContent = message.dataset.failed ?? "";
    }
  });
}

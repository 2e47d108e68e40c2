// @ts-check
/** A form that is sent once, and whose words are never lost on the way. */

import { token } from "./token.js";

/**
 * Asks `mayGo` before the page is given up for the answer, and the writer before it is given up for anything else.
 * @param {HTMLFormElement} form
 * @param {{ mayGo: () => Promise<boolean>, written: () => boolean }} rules
 */
export function guard(form, { mayGo, written }) {
  let asking = false;
  let sure = false;
  form.addEventListener("submit", async (event) => {
    // After this event, so that the pressed button is still part of what is sent.
    if (sure) return void setTimeout(() => disable(form, true));
    event.preventDefault();
    if (asking) return; // A second press.
    asking = true;
    sure = await mayGo();
    asking = false;
    if (!sure) return;
    renewToken(form);
    form.requestSubmit(event.submitter);
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sure && written()) event.preventDefault();
  });
  // Coming back through the browser's history must not find the buttons dead.
  window.addEventListener("pageshow", () => {
    sure = false;
    disable(form, false);
  });
}

/** @param {HTMLFormElement} form @param {boolean} off */
function disable(form, off) {
  for (const button of form.querySelectorAll("button")) button.disabled = off;
}

/** Whoever signed in anew in another tab has another token than this page was made with. @param {HTMLFormElement} form */
function renewToken(form) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (
    form.querySelectorAll("[name=csrfmiddlewaretoken]")
  )) {
    field.value = token();
  }
}

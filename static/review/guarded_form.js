// @ts-check
/** A form that is submitted once only, and whose text is never lost. */

import { token } from "./token.js";

/**
 * `mayGo` is checked before the form is submitted; leaving the page otherwise asks the user if `written`.
 * @param {HTMLFormElement} form
 * @param {{ mayGo: () => Promise<boolean>, written: () => boolean }} rules
 */
export function guard(form, { mayGo, written }) {
  let asking = false;
  let sure = false;
  form.addEventListener("submit", async (event) => {
    // Disabled after this event, so that the pressed button is still submitted.
    if (sure) return void setTimeout(() => disable(form, true));
    event.preventDefault();
    if (asking) return; // A second click.
    asking = true;
    sure = await mayGo();
    asking = false;
    if (!sure) return;
    renewToken(form);
    // Not requestSubmit: Safari has it since version 16.
    if (event.submitter) event.submitter.click();
    else form.submit();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sure && written()) event.preventDefault();
  });
  // After a return by the browser's history the buttons must be enabled.
  window.addEventListener("pageshow", () => {
    sure = false;
    disable(form, false);
  });
}

/** @param {HTMLFormElement} form @param {boolean} off */
function disable(form, off) {
  for (const button of form.querySelectorAll("button")) button.disabled = off;
}

/** Take the current CSRF token: a sign-in in another tab has changed it. @param {HTMLFormElement} form */
function renewToken(form) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (
    form.querySelectorAll("[name=csrfmiddlewaretoken]")
  )) {
    field.value = token();
  }
}

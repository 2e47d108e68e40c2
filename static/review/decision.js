// @ts-check
/** The decision form: the reasons of the chosen verdict, sent once, and never lost on the way. */

import { renew, tell } from "./hold.js";
import { token } from "./token.js";

/** @param {HTMLFormElement} form */
function showReasonsOfVerdict(form) {
  const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=verdict]:checked"));
  for (const group of /** @type {NodeListOf<HTMLFieldSetElement>} */ (form.querySelectorAll("fieldset[data-verdict]"))) {
    const other = group.dataset.verdict !== chosen?.value;
    group.hidden = other;
    group.disabled = other;
    for (const radio of group.querySelectorAll("input")) if (other) radio.checked = false;
  }
}

/** @param {HTMLFormElement} form @param {boolean} off */
function disable(form, off) {
  for (const button of form.querySelectorAll("button")) button.disabled = off;
}

/** @param {HTMLFormElement} form */
function written(form) {
  const note = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("textarea"));
  return Boolean(note?.value.trim() || form.querySelector("[name=verdict]:checked"));
}

/** Whether the page may be given up for the answer to it. If not, its writer is told why. @param {HTMLFormElement} form */
async function mayGo(form) {
  const trouble = await renew();
  // Without the hold the server still takes it, or says who was faster and keeps what was written.
  const stays = trouble === "signed-out" || trouble === "offline";
  tell(stays ? trouble : "");
  if (stays) return false;
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=csrfmiddlewaretoken]"))) {
    field.value = token();
  }
  return true;
}

/** @param {HTMLFormElement} form */
export function decide(form) {
  let asking = false;
  let sure = false;
  showReasonsOfVerdict(form);
  form.addEventListener("change", () => showReasonsOfVerdict(form));
  form.addEventListener("submit", async (event) => {
    // After this event, so that the pressed button is still part of what is sent.
    if (sure) return void setTimeout(() => disable(form, true));
    event.preventDefault();
    if (asking) return; // A second press.
    asking = true;
    sure = await mayGo(form);
    asking = false;
    if (sure) form.requestSubmit(event.submitter);
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sure && written(form)) event.preventDefault();
  });
  // Coming back through the browser's history must not find the buttons dead, or a verdict without its reasons.
  window.addEventListener("pageshow", () => {
    sure = false;
    disable(form, false);
    showReasonsOfVerdict(form);
  });
}

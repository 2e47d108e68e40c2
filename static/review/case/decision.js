// @ts-check
/** The decision form: the reasons of the chosen verdict, and what is written kept until it is sent. */

import { renew, tellHold } from "./hold.js";
import { guard } from "../guarded_form.js";

/** @param {HTMLFormElement} form */
function showReasonsOfVerdict(form) {
  const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=verdict]:checked"));
  for (const group of /** @type {NodeListOf<HTMLFieldSetElement>} */ (
    form.querySelectorAll("fieldset[data-verdict]")
  )) {
    const other = group.dataset.verdict !== chosen?.value;
    group.hidden = other;
    group.disabled = other;
    for (const radio of group.querySelectorAll("input")) if (other) radio.checked = false;
  }
}

/** @param {HTMLFormElement} form */
function written(form) {
  const note = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("textarea"));
  return Boolean(note?.value.trim() || form.querySelector("[name=verdict]:checked"));
}

/** Whether the page may be given up for the answer to it. If not, its writer is told why. */
async function mayGo() {
  const trouble = await renew();
  // Without the hold the server still takes it, or says who was faster and keeps what was written.
  const stays = trouble === "signed-out" || trouble === "offline";
  tellHold(stays ? trouble : "");
  return !stays;
}

/** @param {HTMLFormElement} form */
export function decide(form) {
  showReasonsOfVerdict(form);
  form.addEventListener("change", () => showReasonsOfVerdict(form));
  // Browsers bring back the chosen verdict when they come back to the page, without its reasons.
  window.addEventListener("pageshow", () => showReasonsOfVerdict(form));
  guard(form, { mayGo, written: () => written(form) });
}

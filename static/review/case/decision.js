// @ts-check
/** The decision form: shows the reasons of the chosen verdict, and keeps the text until it is submitted. */

import { backToPictures } from "./desk.js";
import { renew, tellHold } from "./hold.js";
import { documentAnswered } from "./document.js";
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
  return Boolean(note?.value.trim() || form.querySelector("[name=verdict]:checked") || documentAnswered());
}

/** Whether the form may be submitted; if not, a notice shows why. */
async function mayGo() {
  const trouble = await renew();
  // Without the claim the server still accepts the decision, or answers who was faster and shows the text again.
  const stays = trouble === "signed-out" || trouble === "offline";
  tellHold(stays ? trouble : "");
  return !stays;
}

/** @param {HTMLFormElement} form */
export function decide(form) {
  showReasonsOfVerdict(form);
  form.addEventListener("change", (event) => {
    showReasonsOfVerdict(form);
    if (/** @type {HTMLElement} */ (event.target).matches("[name=verdict]")) backToPictures();
  });
  // After a return by the browser's history the verdict is restored, but its reasons are not shown.
  window.addEventListener("pageshow", () => showReasonsOfVerdict(form));
  guard(form, { mayGo, written: () => written(form) });
}

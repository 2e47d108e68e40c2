// @ts-check
/** The decision form: the reasons of the chosen verdict, and sent once. */

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
export function decide(form) {
  showReasonsOfVerdict(form);
  form.addEventListener("change", () => showReasonsOfVerdict(form));
  // After this event, so that the pressed button is still part of what is sent.
  form.addEventListener("submit", () => setTimeout(() => disable(form, true)));
  // Coming back through the browser's history must not find the buttons dead.
  window.addEventListener("pageshow", () => disable(form, false));
}

// @ts-check
/** Whether single-letter shortcuts are on. Users of speech input, or with a tremor, switch them off (WCAG 2.1.4). */

const NAME = "kyc.single-keys";

export function switchedOn() {
  return localStorage.getItem(NAME) !== "off";
}

for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-single-keys]"))) {
  box.checked = switchedOn();
  box.addEventListener("change", () => localStorage.setItem(NAME, box.checked ? "on" : "off"));
}

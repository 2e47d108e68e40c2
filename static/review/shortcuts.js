// @ts-check
/** Whether single letters are keys on this device. Whoever speaks to their computer, or trembles, switches them off. */

const NAME = "kyc.single-keys";

export function switchedOn() {
  return localStorage.getItem(NAME) !== "off";
}

for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-single-keys]"))) {
  box.checked = switchedOn();
  box.addEventListener("change", () => localStorage.setItem(NAME, box.checked ? "on" : "off"));
}

// @ts-check
/** The photo step: previews the chosen photo, and refuses at once what the server would refuse. */

import { ready } from "../page.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-limit]"));
const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
const drop = /** @type {HTMLElement} */ (form.querySelector(".drop"));
const image = /** @type {HTMLImageElement} */ (form.querySelector("img"));
const camera = /** @type {HTMLButtonElement} */ (form.querySelector("[data-camera]"));
const limit = Number(form.dataset.limit);
const types = input.accept.split(",");

/** @param {string} name */
const part = (name) => /** @type {HTMLElement} */ (form.querySelector(`[data-${name}]`));

/**
 * The code of the fault that the server would report for this file, or "".
 * @param {File | undefined} file
 */
function faultOf(file) {
  if (!file) return "missing_file";
  if (file.size === 0) return "empty_file";
  // Some systems report no type; the server checks these files.
  if (file.type && !types.includes(file.type)) return "unsupported_image_type";
  return file.size > limit ? "image_too_large" : "";
}

/** @param {string} code */
function tell(code) {
  part("fault").hidden = !code;
  part("fault").dataset.code = code;
  input.toggleAttribute("aria-invalid", Boolean(code));
  const words = form.querySelector(`[data-text="${code}"]`)?.textContent ?? "";
  /** @type {HTMLElement} */ (form.querySelector("#fault")).textContent = words;
}

/** @param {File | undefined} file */
function preview(file) {
  URL.revokeObjectURL(image.src);
  image.hidden = part("chosen").hidden = !file;
  part("empty").hidden = Boolean(file);
  drop.toggleAttribute("data-filled", Boolean(file));
  if (!file) return;
  image.src = URL.createObjectURL(file);
  part("name").textContent = file.name;
  part("size").textContent =
    file.size < 1e5 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
}

function chosen() {
  const file = input.files?.[0];
  const fault = file ? faultOf(file) : "";
  if (fault) input.value = "";
  tell(fault);
  preview(fault ? undefined : file);
}

/** @param {boolean} withCamera */
function pick(withCamera) {
  input.toggleAttribute("capture", withCamera);
  if (withCamera) input.setAttribute("capture", "environment");
}

input.required = false; // The page shows its own message instead of the browser's.
input.addEventListener("change", chosen);
input.addEventListener("click", (event) => event.isTrusted && pick(false));
camera.hidden = false;
camera.addEventListener("click", () => {
  pick(true);
  input.click();
});
form.addEventListener("submit", (event) => {
  const fault = faultOf(input.files?.[0]);
  if (!fault) return;
  event.preventDefault();
  tell(fault);
  input.focus();
});
// The browser may restore the chosen file; without one, the message of the server stays.
if (input.files?.length) chosen();
ready();

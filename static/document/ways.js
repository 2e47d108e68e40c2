// @ts-check
/** The ways a photo comes onto the page: chosen, taken with the camera, dropped, pasted. */

import { camera, form, input } from "./view.js";

const help = /** @type {HTMLElement} */ (form.querySelector("[data-help]"));

/** @param {boolean} withCamera */
function pick(withCamera) {
  if (withCamera) input.setAttribute("capture", "environment");
  else input.removeAttribute("capture");
}

/** @param {{ submit: () => void, takeOne: (files?: FileList) => void }} acts */
export function wire({ submit, takeOne }) {
  // Larger ones are made smaller here.
  help.textContent = help.dataset.help ?? "";
  input.required = false; // The page shows its own message instead of the browser's.
  input.addEventListener("change", () => takeOne(input.files ?? undefined));
  input.addEventListener("click", (event) => event.isTrusted && pick(false));
  camera.hidden = false;
  camera.addEventListener("click", () => {
    pick(true);
    input.click();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  document.addEventListener("paste", (event) => takeOne(event.clipboardData?.files));
  // Dropped beside the field, a file would be opened in place of the page.
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    takeOne(event.dataTransfer?.files);
  });
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

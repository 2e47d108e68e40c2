// @ts-check
/** Entry point of the queue: chooses all cases of the page, and counts those that are chosen. */

const form = document.querySelector("form[data-bulk]");
const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="case"]'));
const all = /** @type {HTMLElement | null} */ (form?.querySelector("[data-all]") ?? null);
const box = all?.querySelector("input") ?? null;
const output = form?.querySelector("[data-chosen]") ?? null;

function show() {
  const chosen = [...boxes].filter((one) => one.checked).length;
  if (output) output.textContent = chosen ? `(${chosen})` : "";
  if (!box) return;
  box.checked = chosen === boxes.length && chosen > 0;
  box.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (all && box) {
  all.hidden = false;
  box.addEventListener("change", () => {
    for (const one of boxes) one.checked = box.checked;
    show();
  });
}
for (const one of boxes) one.addEventListener("change", show);
show();

// @ts-check
/** The button that copies what is shown once. Without a clipboard it selects the text. */

const button = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-copy]"));
const told = /** @type {HTMLElement | null} */ (document.querySelector("[data-copied]"));
const shown = document.getElementById(button?.dataset.copy ?? "");

if (button && shown && told) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent ?? "");
      told.textContent = told.dataset.copied ?? "";
    } catch {
      getSelection()?.selectAllChildren(shown);
      told.textContent = told.dataset.notCopied ?? "";
    }
  });
}

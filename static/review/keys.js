// @ts-check
/** The page's own keys: one for each verdict, digits for its reasons, n for the note. Never while somebody types. */

/** @param {KeyboardEvent} event */
function typing(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
}

/** @param {HTMLFormElement | null} form @param {number} number */
function pickReason(form, number) {
  const reasons = form?.querySelectorAll("fieldset[data-verdict]:not([hidden]) [name=reason_code]") ?? [];
  const reason = /** @type {HTMLInputElement | undefined} */ (reasons[number - 1]);
  reason?.click();
  reason?.focus();
  return Boolean(reason);
}

/** @param {string} key */
function press(key) {
  const target = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(key)}"]`));
  if (target instanceof HTMLTextAreaElement) target.focus();
  else target?.click();
  if (target instanceof HTMLInputElement) target.focus();
  return Boolean(target);
}

/** @param {HTMLFormElement | null} form @param {KeyboardEvent} event */
function handled(form, event) {
  if (/^[1-9]$/.test(event.key)) return pickReason(form, Number(event.key));
  return /^[a-z]$/.test(event.key) && press(event.key);
}

/** @param {HTMLFormElement | null} form */
export function keys(form) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && form) {
      event.preventDefault();
      const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("button.act"));
      if (!button?.disabled) form.requestSubmit(button);
    } else if (event.key === "Escape" && typing(event)) {
      /** @type {HTMLElement} */ (event.target).blur();
    } else if (!typing(event) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented) {
      if (handled(form, event)) event.preventDefault();
    }
  });
}

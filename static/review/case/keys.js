// @ts-check
/** The page's own keys: one for each verdict, digits for its reasons, n for the note. Never while somebody types. */

import { switchedOn } from "../shortcuts.js";

/** @param {KeyboardEvent} event */
function typing(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
}

/** Nobody works on what they don't see. @param {HTMLElement | null | undefined} target */
function unfold(target) {
  target?.closest("details:not([open])")?.setAttribute("open", "");
}

/** @param {number} number */
function pickReason(number) {
  const reasons = document.querySelectorAll("fieldset[data-verdict]:not([hidden]) [name=reason_code]");
  const reason = /** @type {HTMLInputElement | undefined} */ (reasons[number - 1]);
  unfold(reason);
  reason?.click();
  reason?.focus();
  return Boolean(reason);
}

/** @param {string} key */
function press(key) {
  const target = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(key)}"]`));
  unfold(target);
  if (target instanceof HTMLTextAreaElement) target.focus();
  else target?.click();
  if (target instanceof HTMLInputElement) target.focus();
  return Boolean(target);
}

/** @param {KeyboardEvent} event */
function handled(event) {
  if (/^[1-9]$/.test(event.key)) return pickReason(Number(event.key));
  // Caps Lock makes no difference; letters with Shift are nobody's.
  return !event.shiftKey && /^[a-z]$/i.test(event.key) && press(event.key.toLowerCase());
}

/** @param {KeyboardEvent} event */
function onChoice(event) {
  return /** @type {HTMLElement} */ (event.target).matches("form.decision [type=radio]");
}

/** The form that somebody is in, else the first. @param {NodeListOf<HTMLFormElement>} forms */
function current(forms) {
  return [...forms].find((form) => form.contains(document.activeElement)) ?? forms[0];
}

/** @param {NodeListOf<HTMLFormElement>} forms */
function send(forms) {
  const form = current(forms);
  const button = /** @type {HTMLButtonElement | null | undefined} */ (form?.querySelector("button.act"));
  if (button && !button.disabled) form.requestSubmit(button);
}

/** @param {NodeListOf<HTMLFormElement>} forms */
export function keys(forms) {
  document.addEventListener("keydown", (event) => {
    // While a word is composed its keys belong to the input method; a key kept down belongs to the page before.
    if (event.isComposing || event.repeat || event.defaultPrevented) return;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      send(forms);
    } else if (event.key === "Enter" && onChoice(event)) {
      // It would send the form by its first button. Ctrl+Enter and the buttons do that, and nothing else.
      event.preventDefault();
    } else if (event.key === "Escape" && typing(event)) {
      /** @type {HTMLElement} */ (event.target).blur();
    } else if (switchedOn() && !typing(event) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (handled(event)) event.preventDefault();
    }
  });
}

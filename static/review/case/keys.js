// @ts-check
/** Keyboard shortcuts: one letter per verdict, digits for its reasons, n for the note. Off in text fields. */

import { onDocument } from "./document.js";
import { switchedOn } from "../shortcuts.js";

/** @param {KeyboardEvent} event */
function typing(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
}

/** Open the details around the target, so that it is visible. @param {HTMLElement | null | undefined} target */
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

/** @param {string} key */
function onLetter(key) {
  return onDocument(key) || press(key);
}

/** @param {KeyboardEvent} event */
function handled(event) {
  if (/^[1-9]$/.test(event.key)) return pickReason(Number(event.key));
  // Caps Lock makes no difference; letters with Shift are no shortcuts.
  return !event.shiftKey && /^[a-z]$/i.test(event.key) && onLetter(event.key.toLowerCase());
}

/** @param {KeyboardEvent} event */
function onChoice(event) {
  return /** @type {HTMLElement} */ (event.target).matches("form.decision [type=radio], .document-check [type=radio]");
}

/** The form that has the focus, else the first. @param {NodeListOf<HTMLFormElement>} forms */
function current(forms) {
  return [...forms].find((form) => form.contains(document.activeElement)) ?? forms[0];
}

/** @param {NodeListOf<HTMLFormElement>} forms */
function send(forms) {
  const form = current(forms);
  const button = /** @type {HTMLButtonElement | null | undefined} */ (form?.querySelector("button.act"));
  if (button && !button.disabled) button.click();
}

/** @param {NodeListOf<HTMLFormElement>} forms */
export function keys(forms) {
  document.addEventListener("keydown", (event) => {
    // Keys during composition belong to the input method; a repeated key may have been pressed on the previous page.
    if (event.isComposing || event.repeat || event.defaultPrevented) return;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      send(forms);
    } else if (event.key === "Enter" && onChoice(event)) {
      // Enter would submit the form by its first button; only Ctrl+Enter and the buttons may submit it.
      event.preventDefault();
    } else if (event.key === "Escape" && typing(event)) {
      /** @type {HTMLElement} */ (event.target).blur();
    } else if (switchedOn() && !typing(event) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (handled(event)) event.preventDefault();
    }
  });
}

// @ts-check
/** The CSRF token of the page. */

import { csrfToken } from "../csrf.js";

/** The current token: the page still has the old one after a sign-in in another tab. */
export function token() {
  const written = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
  return csrfToken() || (written?.value ?? "");
}

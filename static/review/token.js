// @ts-check
/** The CSRF token. */

/** The current token: a sign-in in another tab changes it, and the page still has the old one. */
export function token() {
  const kept = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const written = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
  return kept ?? written?.value ?? "";
}

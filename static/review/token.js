// @ts-check
/** The CSRF token. */

/** The current token: a sign-in in another tab changes it, and the page still has the old one. */
export function token() {
  // In production the name has a prefix, and a browser may still have the cookie of an older version.
  const named = [/(?:^|; )__Host-csrftoken=([^;]+)/, /(?:^|; )csrftoken=([^;]+)/];
  const kept = named.map((name) => document.cookie.match(name)?.[1]).find(Boolean);
  const written = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
  return kept ?? written?.value ?? "";
}

// @ts-check
/** The CSRF token of the cookie. */

/** Read anew for each request: a sign-in in another tab changes it. Empty without a cookie. */
export function csrfToken() {
  // In production the name has a prefix, and a browser may still have the cookie of an older version.
  const named = [/(?:^|; )__Host-csrftoken=([^;]+)/, /(?:^|; )csrftoken=([^;]+)/];
  return named.map((name) => document.cookie.match(name)?.[1]).find(Boolean) ?? "";
}

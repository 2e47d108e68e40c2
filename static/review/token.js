// @ts-check
/** The proof that a POST comes from our own page. */

/** As it is now: whoever signed in anew in another tab has another one than this page was made with. */
export function token() {
  const kept = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const written = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
  return kept ?? written?.value ?? "";
}

// @ts-check
/** Reaching the server from a page that must not be lost, and saying on it what is in the way. */

/** @typedef {"" | "signed-out" | "offline"} Trouble "" if nothing is in the way. */

/**
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<{ trouble: Trouble, answer?: Response }>} an answer wherever there is no trouble
 */
export async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, {
      cache: "no-store",
      ...options,
      headers: { Accept: "application/json", ...options?.headers },
    });
  } catch {
    return { trouble: "offline" };
  }
  if (answer.status === 401) return { trouble: "signed-out" };
  return answer.status >= 500 ? { trouble: "offline" } : { trouble: "", answer };
}

/**
 * Say it beside the form, and nothing else.
 * @param {string} trouble one that the page has a notice for; "" takes them all away
 */
export function tell(trouble) {
  for (const notice of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-trouble]"))) {
    notice.hidden = notice.dataset.trouble !== trouble;
  }
}

// @ts-check
/** Requests from a page whose input must not be lost, and the notice if they fail. */

/** @typedef {"" | "signed-out" | "offline"} Trouble "" if the request succeeded. */

/**
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<{ trouble: Trouble, answer?: Response }>} the answer, if there is no trouble
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
 * Show this notice beside the form and hide the others.
 * @param {string} trouble the name of a notice on the page; "" hides all
 */
export function tell(trouble) {
  for (const notice of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-trouble]"))) {
    notice.hidden = notice.dataset.trouble !== trouble;
  }
}

// @ts-check
/** The page of an export that is under way: takes what has changed from the portal every two seconds. */

const EVERY = 2000;

const here = /** @type {HTMLElement | null} */ (document.querySelector("[data-export]"));

/** The same part of the page as it is now; null if there is no answer. @returns {Promise<HTMLElement | null>} */
async function current() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-export]");
  } catch {
    return null;
  }
}

async function look() {
  // A hidden page asks nothing; it asks at once when it is visible again.
  if (document.hidden) {
    document.addEventListener("visibilitychange", look, { once: true });
    return;
  }
  const found = await current();
  if (found && !("underWay" in found.dataset)) {
    location.reload();
    return;
  }
  const texts = [...(found?.querySelectorAll(".export-told, .export-progress") ?? [])];
  const places = [...(here?.querySelectorAll(".export-told, .export-progress") ?? [])];
  for (const [at, place] of places.entries()) if (texts[at]) place.replaceWith(texts[at]);
  setTimeout(look, EVERY);
}

if (here) setTimeout(look, EVERY);

// @ts-check
/** Keeps the case with the reviewer who works on it: any sign of work renews the hold, at most once a minute. */

const EVERY = 60_000;

/** The token of any form on the page. */
function token() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"))?.value ?? "";
}

/** @param {HTMLElement} badge @returns {Promise<boolean>} whether the case is still ours, or may be */
async function renew(badge) {
  let answer;
  try {
    answer = await fetch(badge.dataset.renew ?? "", {
      method: "POST",
      headers: { "X-CSRFToken": token(), Accept: "application/json" },
    });
  } catch {
    return true; // No network for a moment: the next sign of work tries again.
  }
  // Led to the sign-in: the session has ended, and the hold with it.
  if (answer.redirected) return false;
  if (!answer.ok) return answer.status >= 500;
  const { until } = await answer.json();
  const time = /** @type {HTMLTimeElement | null} */ (badge.querySelector("[data-until]"));
  if (time) {
    time.dateTime = until;
    time.textContent = until.slice(11, 16);
  }
  return true;
}

function tellEnded() {
  const notice = /** @type {HTMLElement | null} */ (document.querySelector("[data-hold-ended]"));
  if (notice) notice.hidden = false;
}

export function hold() {
  const badge = /** @type {HTMLElement | null} */ (document.querySelector("[data-hold]"));
  if (!badge) return;
  let last = Date.now();
  let ours = true;
  const worked = async () => {
    if (!ours || Date.now() - last < EVERY) return;
    last = Date.now();
    ours = await renew(badge);
    if (!ours) tellEnded();
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, worked, { passive: true });
  }
}

// @ts-check
/** Moves on to another page, ever more slowly if that leads back here: whatever is wrong, no page loads itself in a circle. */

const KEY = "kyc-moves";
const FIRST = 1000;
const LONGEST = 60_000;
// So long after the last move, the next one counts as the first.
const FORGOTTEN = 300_000;

function movesSoFar() {
  try {
    const { times, at } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    const passed = Date.now() - at;
    return passed >= 0 && passed < FORGOTTEN ? times : 0;
  } catch {
    return 0; // Closed together with the cookies, without which no case is open.
  }
}

/** How many milliseconds the page should wait, by the moves that led here, before it asks whether to move on. */
export function waitAfterMoves() {
  return Math.min(LONGEST, FIRST * 2 ** movesSoFar());
}

/** @param {string} to the page; "" for this one anew */
export function moveOn(to) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ times: movesSoFar() + 1, at: Date.now() }));
  } catch {
    // As above.
  }
  if (to) location.assign(to);
  else location.reload();
}

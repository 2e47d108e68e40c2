// @ts-check
/** Which pictures are shown side by side; the reviewer's last choice is kept in their browser. */

const KEPT = "compare-layout";
const LAYOUTS = ["frame", "recording", "all"];

/** @param {HTMLElement} root @param {string} layout */
export function show(root, layout) {
  root.dataset.layout = layout;
  for (const each of LAYOUTS) {
    root.querySelector(`[data-do="layout-${each}"]`)?.setAttribute("aria-pressed", String(each === layout));
  }
}

/** @param {HTMLElement} root @param {string} layout */
export function choose(root, layout) {
  show(root, layout);
  try {
    localStorage.setItem(KEPT, layout);
  } catch {
    // A browser that keeps nothing starts with all three next time.
  }
}

/** @param {HTMLElement} root */
export function restore(root) {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // As above.
  }
  // On a phone pictures stand one below the other: two are enough to begin with, and the decision is not far.
  const usual = matchMedia("(max-width: 46rem)").matches ? "frame" : "all";
  show(root, kept && LAYOUTS.includes(kept) ? kept : usual);
}

/** The next one, round and round. @param {HTMLElement} root */
export function next(root) {
  choose(root, LAYOUTS[(LAYOUTS.indexOf(String(root.dataset.layout)) + 1) % LAYOUTS.length]);
}

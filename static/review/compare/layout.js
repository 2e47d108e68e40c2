// @ts-check
/** The layout of the pictures; localStorage keeps the reviewer's last choice. */

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
    // Without localStorage the next visit starts with all three.
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
  // On a phone the pictures are stacked: starting with two keeps the decision form near.
  const usual = matchMedia("(max-width: 46rem)").matches ? "frame" : "all";
  show(root, kept && LAYOUTS.includes(kept) ? kept : usual);
}

/** Switch to the next layout, cyclically. @param {HTMLElement} root */
export function next(root) {
  choose(root, LAYOUTS[(LAYOUTS.indexOf(String(root.dataset.layout)) + 1) % LAYOUTS.length]);
}

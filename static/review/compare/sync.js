// @ts-check
/** Zooms and moves the pictures together or singly. Differences made singly stay when they move together. */

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Point} Point */

export class Sync {
  /** @param {View[]} views */
  constructor(views) {
    this.views = views;
    this.on = true;
  }

  /** @param {View} view */
  moved(view) {
    return this.on ? this.views : [view];
  }

  /** Returns whether anything changed. @param {View} view @param {number} factor @param {Point} [about] */
  zoom(view, factor, about) {
    const views = this.moved(view);
    // One factor for all, so that faces of equal size stay equal; the largest picture still fills its stage.
    const largest = Math.max(...views.map((each) => each.state.zoom));
    const least = Math.min(1, 1 / largest);
    const limited = Math.max(least, Math.min(...views.map((each) => each.limit(factor))));
    for (const each of views) each.zoom(limited, about);
    return limited !== 1;
  }

  /** @param {View} view @param {Point} by in stage heights */
  move(view, by) {
    for (const each of this.moved(view)) each.move(by);
  }
}

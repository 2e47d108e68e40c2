// @ts-check
/** Switches from the normalised recording to six pictures of the original, which load, and are logged, on demand. */

export class Recorded {
  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    this.sheet = /** @type {HTMLImageElement | null} */ (pane.querySelector("[data-sheet]"));
    this.video = /** @type {HTMLVideoElement | null} */ (pane.querySelector("video"));
  }

  get shown() {
    return this.sheet !== null && !this.sheet.hidden;
  }

  /** @param {boolean} recorded */
  show(recorded) {
    if (!this.sheet || !this.video) return;
    if (recorded && !this.sheet.hasAttribute("src")) this.sheet.src = String(this.sheet.dataset.src);
    if (recorded) this.video.pause();
    this.sheet.hidden = !recorded;
    this.video.hidden = recorded || this.video.error !== null;
    this.pane.toggleAttribute("data-recorded", recorded);
    this.pane.querySelector('[data-do="recorded"]')?.setAttribute("aria-pressed", String(recorded));
    this.pane.querySelector('[data-do="seen"]')?.setAttribute("aria-pressed", String(!recorded));
  }
}

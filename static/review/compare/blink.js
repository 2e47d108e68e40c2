// @ts-check
/** Blink comparison: ID photo and best frame alternate in one place at one scale, so that differences move. */

const INTERVAL = 600; // ms: fewer than two changes per second
const HOLD = 400; // ms; blinking stops on release if the key was held longer

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Blink {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.button = /** @type {HTMLButtonElement} */ (root.querySelector('[data-do="blink"]'));
    this.once = /** @type {HTMLButtonElement} */ (root.querySelector('[data-do="blink-once"]'));
    this.timer = 0;
    this.since = 0;
    const both = ["photo", "frame"].every((pane) => root.querySelector(`[data-pane="${pane}"] [data-stage]`));
    this.button.disabled = this.once.disabled = !both;
  }

  get on() {
    return this.root.hasAttribute("data-blink");
  }

  /** Start or stop alternating. With prefers-reduced-motion the user swaps by hand. */
  toggle() {
    if (this.button.disabled) return;
    if (this.on) return this.end();
    this.since = performance.now();
    this.show("photo");
    if (!still.matches) this.timer = window.setInterval(() => this.swap(), INTERVAL);
  }

  /** Show the other picture now and stop alternating. */
  stepOnce() {
    if (this.button.disabled) return;
    window.clearInterval(this.timer);
    if (this.on) this.swap();
    else this.show("frame");
  }

  /** The key or the button was released. */
  letGo() {
    if (this.on && this.since && performance.now() - this.since > HOLD) this.end();
    this.since = 0;
  }

  end() {
    window.clearInterval(this.timer);
    this.since = 0;
    this.root.removeAttribute("data-blink");
    this.button.setAttribute("aria-pressed", "false");
  }

  swap() {
    this.show(this.root.dataset.blink === "photo" ? "frame" : "photo");
  }

  /** @param {string} pane */
  show(pane) {
    this.root.dataset.blink = pane;
    this.button.setAttribute("aria-pressed", "true");
  }
}

// @ts-check
/** Marks on the time bar of the recording where each movement was prompted. */

/** @typedef {import("./player.js").Player} Player */

const NEAR = 0.3; // seconds after a mark within which "previous" means the mark before it
const LATE = 70; // per cent of the bar from which a label is to the left of its mark

export class Marks {
  /** @param {HTMLElement} row @param {Player} player */
  constructor(row, player) {
    this.player = player;
    const buttons = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("[data-at]")]);
    this.times = buttons.map((button) => Number(button.dataset.at));
    for (const [index, button] of buttons.entries()) {
      button.addEventListener("click", () => player.seek(this.times[index]));
    }
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll("[data-percent]"))) {
      item.style.setProperty("left", `${item.dataset.percent}%`);
      item.toggleAttribute("data-late", Number(item.dataset.percent) > LATE);
    }
  }

  back() {
    const now = this.player.video.currentTime;
    this.player.seek([...this.times].reverse().find((at) => at < now - NEAR) ?? 0);
  }

  on() {
    const now = this.player.video.currentTime;
    const next = this.times.find((at) => at > now + 0.05);
    if (next !== undefined) this.player.seek(next);
  }
}

// @ts-check
/** The controls of the recording: play, time, single frames, speed. */

const SPEEDS = [0.25, 0.5, 1];
const USUAL_RATE = 25; // frames per second, if it was not measured

export class Player {
  /** @param {HTMLVideoElement} video @param {HTMLElement} row */
  constructor(video, row) {
    this.video = video;
    this.row = row;
    this.bar = /** @type {HTMLInputElement} */ (row.querySelector("[data-time]"));
    this.now = /** @type {HTMLElement} */ (row.querySelector("[data-now]"));
    this.total = /** @type {HTMLElement} */ (row.querySelector("[data-length]"));
    this.button = /** @type {HTMLButtonElement} */ (row.querySelector('[data-do="play"]'));
    video.controls = false;
    row.hidden = false;
    this.bar.addEventListener("input", () => this.seek(this.bar.valueAsNumber));
    for (const event of ["loadedmetadata", "timeupdate", "seeking", "seeked"]) {
      video.addEventListener(event, () => this.tell());
    }
    video.addEventListener("play", () => this.run());
    video.addEventListener("pause", () => this.tell());
    video.addEventListener("error", () => this.fail());
    if (video.error) this.fail();
    this.tell();
  }

  get length() {
    return Number.isFinite(this.video.duration) ? this.video.duration : 0;
  }

  toggle() {
    // If playing is refused, the button shows it: it follows the events of the video.
    if (this.video.paused) this.video.play().catch(() => this.tell());
    else this.video.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.video.currentTime = Math.max(0, Math.min(seconds, this.length));
  }

  /** Seek to the middle of a neighbouring frame, so that rounding can't show the wrong one. @param {number} pictures */
  frame(pictures) {
    this.video.pause();
    const frames = Number(this.video.dataset.frames) || this.length * USUAL_RATE;
    const each = this.length / frames;
    const wanted = Math.floor(this.video.currentTime / each + 0.01) + pictures;
    this.seek((Math.max(0, Math.min(wanted, frames - 1)) + 0.5) * each);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.video.playbackRate = speed;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.row.querySelectorAll("[data-speed]"))) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
    }
  }

  /** @param {number} by one faster or one slower */
  shift(by) {
    const next = SPEEDS.indexOf(this.video.playbackRate) + by;
    this.setSpeed(SPEEDS[Math.max(0, Math.min(next, SPEEDS.length - 1))]);
  }

  /** Update the bar on every frame: timeupdate fires only four times per second. */
  run() {
    this.tell();
    if (!this.video.paused) requestAnimationFrame(() => this.run());
  }

  tell() {
    const { currentTime: now, paused } = this.video;
    this.bar.max = String(this.length || 1);
    this.bar.value = String(now);
    this.bar.setAttribute("aria-valuetext", `${now.toFixed(1)} / ${this.length.toFixed(1)}`);
    this.now.textContent = now.toFixed(1);
    this.total.textContent = ` / ${this.length.toFixed(1)} s`;
    this.button.setAttribute("aria-pressed", String(!paused));
    this.button.dataset.icon = paused ? "play" : "pause";
  }

  fail() {
    this.video.hidden = this.row.hidden = true;
    const fault = /** @type {HTMLElement | null} */ (this.video.parentElement?.querySelector("[data-fault]"));
    if (fault) fault.hidden = false;
  }
}

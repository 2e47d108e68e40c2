// @ts-check
/** One picture on its stage: zoom, position, rotation, mirroring, brightness. Independent of other pictures. */

const LARGEST = 12;
const NEUTRAL = 100;

/**
 * `x` and `y`: distance of the picture's middle from the stage's, in stage heights, which a resize does not change.
 * @typedef {{ zoom: number, x: number, y: number, turn: number, flipped: boolean, brightness: number, contrast: number }} State
 * @typedef {{ x: number, y: number }} Point
 */

/** @returns {State} */
const atFirst = () => ({ zoom: 1, x: 0, y: 0, turn: 0, flipped: false, brightness: NEUTRAL, contrast: NEUTRAL });

/** @param {number} value @param {number} most */
const within = (value, most) => Math.min(most, Math.max(-most, value));

export class View {
  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.stage = stage;
    this.state = atFirst();
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    new ResizeObserver(() => this.show()).observe(stage);
    // A rotated picture is fitted by its own size, which is known only after loading. These events do not bubble.
    for (const event of ["load", "loadedmetadata"]) stage.addEventListener(event, () => this.show(), true);
  }

  /** `factor`, limited so that the zoom stays below LARGEST. @param {number} factor */
  limit(factor) {
    return Math.min(factor, LARGEST / this.state.zoom);
  }

  /** @param {number} factor @param {Point} [about] the fixed point, relative to the middle of the stage */
  zoom(factor, about = { x: 0, y: 0 }) {
    const { zoom, x, y } = this.state;
    this.change({ zoom: zoom * factor, x: about.x - (about.x - x) * factor, y: about.y - (about.y - y) * factor });
  }

  /** @param {Point} by */
  move(by) {
    this.change({ x: this.state.x + by.x, y: this.state.y + by.y });
  }

  /** Rotate by 90° clockwise about the middle of the visible part. */
  rotate() {
    const { x, y, turn } = this.state;
    this.change({ turn: (turn + 90) % 360, x: -y, y: x });
  }

  /** Mirror about the middle of the visible part. */
  flip() {
    this.change({ flipped: !this.state.flipped, turn: (360 - this.state.turn) % 360, x: -this.state.x });
  }

  reset() {
    this.change(atFirst());
  }

  /** @param {Partial<State>} state */
  change(state) {
    this.state = { ...this.state, ...state };
    this.show();
  }

  show() {
    const { width, height } = this.stage.getBoundingClientRect();
    if (!width || !height) return; // not visible now
    const { state } = this;
    // At most half of the picture may leave the stage.
    state.x = within(state.x, (state.zoom * width) / height / 2);
    state.y = within(state.y, state.zoom / 2);
    for (const picture of this.pictures) {
      const size = state.zoom * turnedFit(picture, state.turn, width, height);
      const transform = [
        `translate(${(state.x * height).toFixed(2)}px, ${(state.y * height).toFixed(2)}px)`,
        `rotate(${state.turn}deg)`,
        `scale(${(state.flipped ? -size : size).toFixed(4)}, ${size.toFixed(4)})`,
      ];
      picture.style.setProperty("transform", transform.join(" "));
      picture.style.setProperty("filter", light(state));
    }
    this.stage.toggleAttribute("data-near", state.zoom > 1);
    for (const watcher of this.watchers) watcher();
  }

  get pictures() {
    return /** @type {NodeListOf<HTMLImageElement | HTMLVideoElement>} */ (this.stage.querySelectorAll("img, video"));
  }
}

/** @param {State} state */
function light({ brightness, contrast }) {
  if (brightness === NEUTRAL && contrast === NEUTRAL) return "none";
  return `brightness(${brightness}%) contrast(${contrast}%)`;
}

/**
 * The scale at which a picture rotated by 90° fits the stage.
 * @param {HTMLImageElement | HTMLVideoElement} picture
 * @param {number} turn @param {number} width @param {number} height
 */
function turnedFit(picture, turn, width, height) {
  if (turn % 180 === 0) return 1;
  const [across, down] =
    picture instanceof HTMLVideoElement
      ? [picture.videoWidth, picture.videoHeight]
      : [picture.naturalWidth, picture.naturalHeight];
  if (!across || !down) return 1;
  return Math.min(width / down, height / across) / Math.min(width / across, height / down);
}

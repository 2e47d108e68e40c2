// @ts-check
/** One picture on its stage: how large, where, which way round, how bright. Knows nothing of other pictures. */

const LARGEST = 12;
const NEUTRAL = 100;

/**
 * `x` and `y` are how far the picture's middle is from the stage's, in heights of the stage: they outlive a resize.
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
    // Its own size is known only then, and a turned picture is fitted by it. These events do not bubble.
    for (const event of ["load", "loadedmetadata"]) stage.addEventListener(event, () => this.show(), true);
  }

  /** The factor nearest to the wanted one that leaves the picture no larger than is of use. @param {number} factor */
  limit(factor) {
    return Math.min(factor, LARGEST / this.state.zoom);
  }

  /** @param {number} factor @param {Point} [about] what stays in its place, from the stage's middle */
  zoom(factor, about = { x: 0, y: 0 }) {
    const { zoom, x, y } = this.state;
    this.change({ zoom: zoom * factor, x: about.x - (about.x - x) * factor, y: about.y - (about.y - y) * factor });
  }

  /** @param {Point} by */
  move(by) {
    this.change({ x: this.state.x + by.x, y: this.state.y + by.y });
  }

  /** A quarter clockwise, about the middle of what is seen. */
  rotate() {
    const { x, y, turn } = this.state;
    this.change({ turn: (turn + 90) % 360, x: -y, y: x });
  }

  /** As in a mirror that stands in the middle of what is seen. */
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
    if (!width || !height) return; // it is put away just now
    const { state } = this;
    // Half of the picture may leave the stage, not all of it.
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
 * How much smaller or larger a picture must be to fit the stage lying on its side.
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

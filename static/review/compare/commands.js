// @ts-check
/** The commands of buttons and keys, by name; `page` connects the buttons, `keys` the keys. */

import { choose, next } from "./layout.js";

/**
 * `front` returns the picture under the pointer, or the one used last.
 * @typedef {{ root: HTMLElement, step: import("./sync.js").Sync, front: () => import("./view.js").View,
 *   blink: import("./blink.js").Blink, recorded: import("./recorded.js").Recorded,
 *   player: import("./player.js").Player | null, marks: import("./marks.js").Marks | null }} Desk
 * @typedef {Record<string, () => unknown>} Commands
 */

const NOTCH = 1.25;
const PACE = 0.06; // of the stage's height per press of an arrow key

/** @param {Desk} desk @returns {Commands} */
export function commands(desk) {
  return { ...showing(desk), ...moving(desk), ...playing(desk), ...going(desk) };
}

/** @param {() => unknown} first @param {() => unknown} command */
const after = (first, command) => () => {
  first();
  command();
};

/** @param {Desk} desk @returns {Commands} */
function showing({ root, blink, recorded }) {
  const list = root.querySelector("[data-keys]");
  const endBlink = () => blink.end();
  /** @param {string} name */
  const layout = (name) => after(endBlink, () => choose(root, name));
  return {
    layout: after(endBlink, () => next(root)),
    "layout-frame": layout("frame"),
    "layout-recording": layout("recording"),
    "layout-all": layout("all"),
    blink: () => blink.toggle(),
    "blink-once": () => blink.stepOnce(),
    keys: () => list?.toggleAttribute("open"),
    away: after(endBlink, () => list?.removeAttribute("open")),
    seen: () => recorded.show(false),
    recorded: () => recorded.show(true),
    other: () => recorded.show(!recorded.shown),
  };
}

/** @param {Desk} desk @returns {Commands} */
function moving({ root, step, front, blink }) {
  const button = root.querySelector('[data-do="step"]');
  /** @param {number} x @param {number} y */
  const go = (x, y) => () => step.move(front(), { x: x * PACE, y: y * PACE });
  return {
    step: () => {
      step.on = !step.on;
      button?.setAttribute("aria-pressed", String(step.on));
    },
    reset: () => {
      blink.end();
      for (const view of step.views) view.reset();
    },
    "zoom-in": () => step.zoom(front(), NOTCH),
    "zoom-out": () => step.zoom(front(), 1 / NOTCH),
    left: go(-1, 0),
    right: go(1, 0),
    up: go(0, -1),
    down: go(0, 1),
    rotate: () => front().rotate(),
    flip: () => front().flip(),
  };
}

/** @param {Desk} desk @returns {Commands} */
function playing({ player, recorded }) {
  if (!player) return {};
  /** @param {() => unknown} command */
  const seen = (command) => after(() => recorded.show(false), command);
  return {
    play: seen(() => player.toggle()),
    "frame-back": seen(() => player.frame(-1)),
    "frame-on": seen(() => player.frame(1)),
    slower: () => player.shift(-1),
    faster: () => player.shift(1),
    "speed-quarter": () => player.setSpeed(0.25),
    "speed-half": () => player.setSpeed(0.5),
    "speed-full": () => player.setSpeed(1),
  };
}

/** @param {Desk} desk @returns {Commands} */
function going({ marks, recorded }) {
  if (!marks) return {};
  const seen = () => recorded.show(false);
  return {
    "mark-back": after(seen, () => marks.back()),
    "mark-on": after(seen, () => marks.on()),
  };
}

// @ts-check
/** The keyboard: which key does what, and when a key is somebody else's: the decision form has letters of its own. */

import { switchedOn } from "../shortcuts.js";

/** @type {Record<string, string>} */
const KEYS = {
  l: "layout",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  i: "step",
  b: "blink",
  x: "blink-once",
  Escape: "away",
  r: "rotate",
  f: "flip",
  0: "reset",
  k: "play",
  "[": "mark-back",
  "]": "mark-on",
  ",": "frame-back",
  ".": "frame-on",
  "<": "slower",
  ">": "faster",
  v: "other",
  "?": "keys",
};

/** Only on a stage, where the page is not meant. @type {Record<string, string>} */
const STAGE_KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", " ": "play" };

const TYPED_IN = 'textarea, select, input:not([type="range"], [type="radio"], [type="checkbox"]), [contenteditable]';

/**
 * @param {(name: string) => boolean} act says whether it did anything
 * @param {(target: EventTarget | null) => boolean} onStage
 * @param {() => void} letGo of the key for blinking
 */
export function listen(act, onStage, letGo) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isChord(event) || !switchedOn()) return;
    if (event.target instanceof Element && event.target.closest(TYPED_IN)) return;
    // Signs may need Shift on this keyboard or that; letters with it are nobody's. Caps Lock makes no difference.
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    const name = KEYS[key] ?? (onStage(event.target) ? STAGE_KEYS[key] : undefined);
    if (!name || (event.repeat && !repeats(name))) return;
    if (act(name)) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => event.key.toLowerCase() === "b" && letGo());
}

/** Whether it is the browser's or the system's. Some keyboards have [ and ] with AltGr only. @param {KeyboardEvent} event */
function isChord(event) {
  return event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph"));
}

/** What a key kept down does again and again. @param {string} name */
function repeats(name) {
  return /^(zoom|frame|left|right|up|down)/.test(name);
}

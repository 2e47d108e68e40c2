// @ts-check
/** Keyboard shortcuts of the compare tools. Letters of the decision form are not among them. */

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

/** Only while a stage has the focus, because these keys also scroll the page. @type {Record<string, string>} */
const STAGE_KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", " ": "play" };

const TYPED_IN = 'textarea, select, input:not([type="range"], [type="radio"], [type="checkbox"]), [contenteditable]';

/**
 * @param {(name: string) => boolean} act returns whether it did anything
 * @param {(target: EventTarget | null) => boolean} onStage
 * @param {() => void} letGo called on release of the blink key
 */
export function listen(act, onStage, letGo) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isChord(event) || !switchedOn()) return;
    if (event.target instanceof Element && event.target.closest(TYPED_IN)) return;
    // Symbols may need Shift on some keyboards; letters with Shift are no shortcuts. Caps Lock makes no difference.
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    const name = KEYS[key] ?? (onStage(event.target) ? STAGE_KEYS[key] : undefined);
    if (!name || (event.repeat && !repeats(name))) return;
    if (act(name)) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => event.key.toLowerCase() === "b" && letGo());
}

/** Whether the key belongs to the browser or the system. Some keyboards have [ and ] only with AltGr. @param {KeyboardEvent} event */
function isChord(event) {
  return event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph"));
}

/** Whether a held key repeats the command. @param {string} name */
function repeats(name) {
  return /^(zoom|frame|left|right|up|down)/.test(name);
}

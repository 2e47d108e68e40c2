// @ts-check
/** Wheel, drag and pinch on a stage. */

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./sync.js").Sync} Sync */

const WHEEL = 0.0016; // zoom per pixel of wheel scrolling
const PINCH = 6; // times that: a trackpad pinch arrives as small wheel events with Ctrl
const LINE = 16; // pixels per line; some mice report lines
const MOST = 240; // pixels per event, at most: some mice report a whole page per notch

/** @param {View} view @param {Sync} step */
export function listen(view, step) {
  const { stage } = view;
  /** @type {Map<number, { x: number, y: number }>} */
  const held = new Map();

  /** Relative to the middle of the stage, in stage heights. @param {{ x: number, y: number }} at in the window */
  function place(at) {
    const box = stage.getBoundingClientRect();
    return { x: (at.x - box.left - box.width / 2) / box.height, y: (at.y - box.top - box.height / 2) / box.height };
  }

  /** @param {WheelEvent} event */
  function wheel(event) {
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE;
    const pace = event.ctrlKey ? WHEEL * PINCH : WHEEL;
    const factor = Math.exp(-Math.max(-MOST, Math.min(MOST, pixels)) * pace);
    const changed = step.zoom(view, factor, place({ x: event.clientX, y: event.clientY }));
    // At the smallest zoom the wheel scrolls the page.
    if (changed || factor > 1 || event.ctrlKey) event.preventDefault();
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button !== 0) return;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    stage.setPointerCapture(event.pointerId);
    stage.toggleAttribute("data-held", true);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const before = [...held.values()];
    if (!held.has(event.pointerId)) return;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = [...held.values()];
    const from = place(middle(before));
    const to = place(middle(after));
    step.move(view, { x: to.x - from.x, y: to.y - from.y });
    if (after.length === 2) step.zoom(view, apart(after) / (apart(before) || 1), to);
  }

  /** @param {PointerEvent} event */
  function up(event) {
    held.delete(event.pointerId);
    stage.toggleAttribute("data-held", held.size > 0);
  }

  stage.addEventListener("wheel", wheel, { passive: false });
  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
}

/** @param {{ x: number, y: number }[]} points */
function middle(points) {
  const sum = points.reduce((all, point) => ({ x: all.x + point.x, y: all.y + point.y }));
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/** @param {{ x: number, y: number }[]} points two of them */
function apart([one, other]) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

// @ts-check
/** Wheel, dragging and two fingers on a stage. */

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./sync.js").Sync} Sync */

const WHEEL = 0.0016; // per pixel the wheel would have scrolled
const PINCH = 6; // times that: two fingers on a trackpad come as small turns of a wheel, with Ctrl
const LINE = 16; // pixels; some mice count lines
const MOST = 240; // pixels of one event: a page at once is still one notch

/** @param {View} view @param {Sync} step */
export function listen(view, step) {
  const { stage } = view;
  /** @type {Map<number, { x: number, y: number }>} */
  const held = new Map();

  /** From the stage's middle, in its heights. @param {{ x: number, y: number }} at in the window */
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
    // What can't get smaller lets the page scroll.
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

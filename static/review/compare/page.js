// @ts-check
/** Entry point of the compare tools. */

import { Blink } from "./blink.js";
import { commands } from "./commands.js";
import { listen as listenToKeys } from "./keys.js";
import { restore } from "./layout.js";
import { Marks } from "./marks.js";
import { Player } from "./player.js";
import { listen as listenToPointer } from "./pointer.js";
import { Recorded } from "./recorded.js";
import { Sync } from "./sync.js";
import { follow } from "./tools.js";
import { View } from "./view.js";

/** @param {HTMLElement} root */
function start(root) {
  const stages = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-stage]")]);
  if (!stages.length) return;
  const step = new Sync(stages.map((stage) => new View(stage)));
  const recorded = new Recorded(/** @type {HTMLElement} */ (root.querySelector('[data-pane="recording"]')));
  const row = /** @type {HTMLElement | null} */ (root.querySelector("[data-player]"));
  const player = recorded.video && row ? new Player(recorded.video, row) : null;
  const marks = player && row?.querySelector("[data-at]") ? new Marks(row, player) : null;
  const blink = new Blink(root);
  let front = step.views[0];
  const all = commands({ root, step, front: () => front, blink, recorded, player, marks });

  /** Run a command; returns whether it exists and did anything. @param {string} name */
  function act(name) {
    all[name]?.();
    return name in all;
  }

  for (const view of step.views) prepare(view, step, () => (front = view));
  for (const tools of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-tools]"))) {
    tools.hidden = false;
  }
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (button) act(String(button.getAttribute("data-do")));
  });
  listenToKeys(
    act,
    (target) => step.views.some((view) => view.stage === target),
    () => blink.letGo(),
  );
  restore(root);
}

/** @param {View} view @param {Sync} step @param {() => void} toFront */
function prepare(view, step, toFront) {
  const pane = /** @type {HTMLElement} */ (view.stage.closest("[data-pane]"));
  // With scripts the stage is interactive, so it becomes focusable.
  view.stage.tabIndex = 0;
  listenToPointer(view, step);
  follow(view, pane);
  for (const event of ["pointerenter", "pointerdown", "focusin"]) pane.addEventListener(event, toFront);
}

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-compare]"));
if (root) start(root);

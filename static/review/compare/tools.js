// @ts-check
/** The tools below a picture: their labels and the two sliders. `commands` has the buttons. */

/** @typedef {import("./view.js").View} View */

/** @param {View} view @param {HTMLElement} pane */
export function follow(view, pane) {
  const zoom = /** @type {HTMLOutputElement} */ (pane.querySelector("[data-zoom]"));
  const flip = /** @type {HTMLElement} */ (pane.querySelector('[data-do="flip"]'));
  const sliders = /** @type {NodeListOf<HTMLInputElement>} */ (pane.querySelectorAll("[data-light]"));

  for (const slider of sliders) {
    slider.addEventListener("input", () => view.change({ [String(slider.dataset.light)]: slider.valueAsNumber }));
    // A slider has no reset of its own.
    slider.addEventListener("dblclick", () => view.change({ [String(slider.dataset.light)]: 100 }));
  }
  view.watchers.add(() => {
    const label = `${Math.round(view.state.zoom * 100)}%`;
    if (zoom.value !== label) zoom.value = label;
    flip.setAttribute("aria-pressed", String(view.state.flipped));
    for (const slider of sliders) {
      slider.value = String(slider.dataset.light === "contrast" ? view.state.contrast : view.state.brightness);
    }
  });
}

// @ts-check
/** The desk of a wide window: the pictures beside what decides, both as high as the window leaves them. */

const desk = /** @type {HTMLElement | null} */ (document.querySelector("[data-desk]"));
const WIDE = matchMedia("(min-width: 75rem) and (min-height: 36rem)"); // as in desk.css

/** Tell the styles how much of the page is above the desk: notices come and go. */
export function fit() {
  if (!desk) return;
  const measure = () => {
    desk.style.setProperty("--above", `${desk.getBoundingClientRect().top + window.scrollY}px`);
  };
  measure();
  addEventListener("load", backFromAnchor);
  new ResizeObserver(measure).observe(document.body);
}

/** The browser scrolls to the anchor of an address, also where it was in view already, beside the pictures. */
function backFromAnchor() {
  const anchor = document.getElementById(location.hash.slice(1));
  if (WIDE.matches && anchor?.closest("[data-stays]")) window.scrollTo({ top: 0, behavior: "instant" });
}

/** Who chooses a verdict further down sees the pictures again. */
export function backToPictures() {
  const { top = 0 } = desk?.getBoundingClientRect() ?? {};
  if (WIDE.matches && top < 0) desk?.scrollIntoView({ block: "start", behavior: "instant" });
}

// @ts-check
/** For every step of the flow: marks that scripts run, moves the focus, and lets a form be submitted once only. */

import { find } from "./kept.js";
import { tellTimes } from "./times.js";

document.documentElement.classList.add("js");
tellTimes();

/** The last act of a step's own script: until then the page says that it loads, and after 10 s that it did not. */
export function ready() {
  document.documentElement.classList.add("ready");
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until-ready]"))) {
    part.hidden = true;
  }
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-when-ready]"))) {
    part.hidden = false;
  }
}

// What was recorded for another case, or too long ago, must not stay in this browser.
find(document.body.dataset.case ?? "");

// An error gets the focus, with nothing else that would read it a second time. After a step without one it moves to the
// heading, so that screen readers announce the new page; not on the first visit.
/** @type {HTMLElement | null} */
const wrong = document.querySelector("[data-error]");
if (wrong) {
  wrong.focus();
} else if (document.referrer.startsWith(location.origin)) {
  /** @type {HTMLElement | null} */ (document.querySelector("h1"))?.focus({ preventScroll: true });
}

// Files of the next step are loaded while the person is busy with this one. Not by rel="prefetch": Safari does not support
// it, and Firefox applies default-src to it, which allows nothing.
addEventListener("load", () => {
  const next = document.querySelector("main")?.dataset.next ?? "";
  for (const file of next.split(" ").filter(Boolean)) fetch(file).catch(() => {});
});

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    // Runs after the listeners of the page itself, which may have prevented the submit.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      form.dataset.sent = "yes";
      event.submitter?.setAttribute("aria-busy", "true");
    });
  });
}

// A page restored from the back/forward cache is out of date: its form was sent, the status may have changed, or another
// case may be open in this browser now. The mark lets the server tell that.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  const address = new URL(location.href);
  if (document.body.dataset.case) address.searchParams.set("case", document.body.dataset.case);
  // With the target of the skip link, an address that is the same otherwise would only be scrolled to.
  address.hash = "";
  location.replace(address);
});

// @ts-check
/** What every page of the flow does: says that scripts run, moves the focus, and sends a form only once. */

document.documentElement.classList.add("js");

// A person who came from the step before hears where they are; a first visit starts at the top as usual.
if (document.referrer.startsWith(location.origin)) {
  /** @type {HTMLElement | null} */ (document.querySelector("h1"))?.focus({ preventScroll: true });
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    // After the page's own listeners: one of them may hold the form back.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      form.dataset.sent = "yes";
      event.submitter?.setAttribute("aria-busy", "true");
    });
  });
}

// A page that comes back out of the history is old: its form was sent, its status may have moved on.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// @ts-check
// The decision form: a reason of another verdict is let go, and the form is sent once.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("decision"));

/** @param {HTMLFormElement} form */
function keepReasonOfVerdict(form) {
  const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=verdict]:checked"));
  for (const group of form.querySelectorAll("fieldset[data-verdict]")) {
    const other = group.getAttribute("data-verdict") !== chosen?.value;
    for (const radio of group.querySelectorAll("input")) {
      radio.disabled = other;
      if (other) radio.checked = false;
    }
  }
}

if (form) {
  keepReasonOfVerdict(form);
  form.addEventListener("change", () => keepReasonOfVerdict(form));
  form.addEventListener("submit", () => {
    // After this event, so that the pressed button is still part of what is sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
  // Coming back through the browser's history must not find the buttons dead.
  window.addEventListener("pageshow", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  });
}

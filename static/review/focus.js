// @ts-check
/** After a refused form: the focus goes to the first field that is wrong, or to what is told about the whole form. */

const FIELDS = "[aria-invalid=true], fieldset[data-wrong] input";

// When the page's own scripts have shown what belongs to the choices made.
document.addEventListener("DOMContentLoaded", () => {
  const fields = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(FIELDS)]);
  const field = fields.find((each) => !each.matches(":disabled, [type=hidden]"));
  field?.closest("details:not([open])")?.setAttribute("open", "");
  const wrong = field ?? /** @type {HTMLElement | null} */ (document.querySelector("[data-error]"));
  wrong?.focus();
});

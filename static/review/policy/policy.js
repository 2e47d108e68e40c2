// @ts-check
/** The form of a policy draft: if the session ended meanwhile, saving must not lose the text. */

import { guard } from "../guarded_form.js";
import { ask, tell } from "../trouble.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form.policy-form"));
const before = now();

function now() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  return JSON.stringify(fields);
}

async function mayGo() {
  const { trouble } = await ask(form.action);
  tell(trouble);
  return trouble === "";
}

guard(form, { mayGo, written: () => "unsaved" in form.dataset || now() !== before });

// @ts-check
/** The draft of a policy: whoever takes long over it may have been signed out, and must not lose it by saving. */

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

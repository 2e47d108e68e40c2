// @ts-check
/** The draft of a policy: whoever takes long over it may have been signed out, and must not lose it by saving. */

import { keep, tell } from "./kept.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form.policy-form"));
const before = now();

function now() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  return JSON.stringify(fields);
}

async function mayGo() {
  const trouble = await reach();
  tell(trouble);
  return trouble === "";
}

/** Is there a server, and are we still signed in? */
async function reach() {
  try {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" }, cache: "no-store" });
    return answer.status === 401 ? "signed-out" : "";
  } catch {
    return "offline";
  }
}

keep(form, { mayGo, written: () => "unsaved" in form.dataset || now() !== before });

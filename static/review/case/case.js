// @ts-check
/** The case page: its parts put together. The compare tools are a module of their own. */

import { decide } from "./decision.js";
import { hold } from "./hold.js";
import { keys } from "./keys.js";
import { reveal } from "./reveal.js";

const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.decision"));
for (const form of forms) decide(form);
keys(forms);
hold();
reveal();

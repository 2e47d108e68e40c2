// @ts-check
/** Entry point of the case page; the compare tools have their own (compare/page.js). */

import { decide } from "./decision.js";
import { fit } from "./desk.js";
import { hold } from "./hold.js";
import { keys } from "./keys.js";
import { reveal } from "./reveal.js";

const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.decision"));
for (const form of forms) decide(form);
keys(forms);
fit();
hold();
reveal();

// @ts-check
// Puts the next answers into the emulator's queue, sets its default, and shows how both stand.
import { showCalls } from "/_emulator/ledger.js";
import { offer } from "/_emulator/presets.js";

const REFRESH_MS = 1500;
const UNREACHABLE = "The emulator does not answer.";

const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const times = /** @type {HTMLInputElement} */ (element("times"));
const presets = /** @type {HTMLSelectElement} */ (element("preset"));
const forAll = /** @type {HTMLInputElement} */ (document.querySelector('[name="how-long"][value="all"]'));

/**
 * `Step` is one kind of answer, for the next `times` calls; the default has no `times`. Each address answers with one of
 * the other fields.
 * @typedef {{ result: string, sim: number | null, error: string | null, latency_ms: number | null,
 *   fault: string | null, times?: number }} Step
 * @typedef {{ queue: Step[], default: Step, calls: import("./ledger.js").Call[], released: number,
 *   families: import("./presets.js").Family[] }} Answer
 * @typedef {{ preset?: string, times?: number }} Script
 */

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<Answer>} */
async function ask(method, path, body) {
  const response = await fetch(`/_emulator/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** @param {Step} step */
function describe(step) {
  const parts = [step.fault ? `fault ${step.fault}` : step.error ? `error ${step.error}` : step.result || "(blank)"];
  if (step.sim !== null) parts.push(`similarity ${step.sim}`);
  if (step.latency_ms !== null) parts.push(`after ${step.latency_ms / 1000} s`);
  return `${parts.join(", ")}${(step.times ?? 1) > 1 ? ` × ${step.times}` : ""}`;
}

/** @param {Step} step */
function showDefault(step) {
  const usual = describe(step) === "Success";
  element("default").textContent = usual ? "Success, similarity 92.5" : describe(step);
  element("reset-default").hidden = usual;
}

/** @param {Step[]} queue */
function showQueue(queue) {
  const items = queue.map((step) => {
    const item = document.createElement("li");
    item.textContent = describe(step);
    return item;
  });
  element("queue").replaceChildren(...items);
  element("queue-empty").hidden = queue.length > 0;
  element("clear-queue").hidden = queue.length === 0;
}

/** @param {() => Promise<string>} act */
async function tell(act) {
  try {
    element("message").textContent = await act();
  } catch (error) {
    element("message").textContent = error instanceof TypeError ? UNREACHABLE : /** @type {Error} */ (error).message;
  }
}

/** @param {Script} step */
async function use(step) {
  return forAll.checked ? setDefault(step) : script(step);
}

/** @param {Script} step */
async function setDefault({ times: _, ...step }) {
  const answer = await ask("POST", "default", step);
  showDefault(answer.default);
  return `All calls from now on: ${describe(answer.default)}`;
}

/** @param {Script} step */
async function script(step) {
  // "Twice" is twice for each of the calls asked for.
  const count = (step.times ?? 1) * (Number(times.value) || 1);
  const { queue } = await ask("POST", "script", { ...step, times: count });
  showQueue(queue);
  const added = queue.at(-1);
  return added ? `Queued: ${describe(added)}` : "Queued, and already used.";
}

async function refresh() {
  if (document.hidden) return;
  const [{ queue }, { default: usual }, { calls }] = await Promise.all([
    ask("GET", "script"),
    ask("GET", "default"),
    ask("GET", "ledger?last=50"),
  ]);
  showQueue(queue);
  showDefault(usual);
  if (!presets.options.length) offer(presets, (await ask("GET", "presets")).families);
  showCalls(calls);
}

async function keepRefreshing() {
  await refresh().catch(() => {
    element("message").textContent = UNREACHABLE;
  });
  setTimeout(keepRefreshing, REFRESH_MS);
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("button");
  const step = button?.dataset.script;
  if (step) tell(() => use(JSON.parse(step)));
});

element("use-preset").addEventListener("click", () => tell(() => use({ preset: presets.value })));

element("reset-default").addEventListener("click", () =>
  tell(async () => {
    showDefault((await ask("DELETE", "default")).default);
    return "All other calls pass again.";
  }),
);

element("clear-queue").addEventListener("click", () =>
  tell(async () => {
    showQueue((await ask("POST", "script", { clear: true })).queue);
    return "The queue is empty.";
  }),
);

element("release").addEventListener("click", () =>
  tell(async () => {
    const { released } = await ask("POST", "release", {});
    await refresh();
    return `Released: ${released}`;
  }),
);

element("clear-ledger").addEventListener("click", () =>
  tell(async () => {
    showCalls((await ask("DELETE", "ledger")).calls);
    return "The list is empty.";
  }),
);

keepRefreshing();

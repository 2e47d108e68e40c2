// @ts-check
// Puts the next answers into the emulator's queue and shows how the queue stands.
import { showCalls } from "/_emulator/ledger.js";

const REFRESH_MS = 1500;
const UNREACHABLE = "The emulator does not answer.";

const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const times = /** @type {HTMLInputElement} */ (element("times"));

/**
 * `Step` is one kind of answer, for the next `times` calls. Each address answers with one of the three fields.
 * @typedef {{ result: string, sim: number | null, error: string | null, latency_ms: number | null,
 *   fault: string | null, times: number }} Step
 * @typedef {{ queue: Step[], calls: import("./ledger.js").Call[], released: number }} Answer
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
  return `${parts.join(", ")}${step.times > 1 ? ` × ${step.times}` : ""}`;
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

/** @param {HTMLElement} button */
async function script(button) {
  const step = JSON.parse(button.dataset.script ?? "{}");
  // "Twice" is twice for each of the calls asked for.
  const count = (step.times ?? 1) * (Number(times.value) || 1);
  const { queue } = await ask("POST", "script", { ...step, times: count });
  showQueue(queue);
  const added = queue.at(-1);
  return added ? `Queued: ${describe(added)}` : "Queued, and already used.";
}

async function refresh() {
  if (document.hidden) return;
  const [{ queue }, { calls }] = await Promise.all([ask("GET", "script"), ask("GET", "ledger?last=50")]);
  showQueue(queue);
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
  if (button?.dataset.script) tell(() => script(button));
});

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

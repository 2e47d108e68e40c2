// @ts-check
/** Shows, announces and times the countdown and the movements. Uses timers: animation frames stop when hidden. */

const PRE_ROLL = 500;
const MOVE = 2500;
const STILL = 4000;
const POST_ROLL = 300;

/** @typedef {{ action: string, at: number }} PromptTime */
/**
 * `phase` tells the page how far it is; `since`: the time of the tap that began it.
 * @typedef {{ stage: HTMLElement, say: (words: string) => void, phase: (name: import("./view.js").Phase) => void, signal: AbortSignal, since: number }} Scene
 */

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Count down 3, 2, 1. @param {Scene} scene */
export async function countdown({ stage, say, signal }) {
  const number = /** @type {HTMLElement} */ (stage.querySelector("[data-countdown]"));
  number.hidden = false;
  try {
    for (const count of ["3", "2", "1"]) {
      number.textContent = count;
      say(count);
      await pause(900, signal);
    }
  } finally {
    number.hidden = true;
  }
}

/** @param {HTMLElement} stage @param {string} action empty to show none */
function show(stage, action) {
  for (const prompt of /** @type {NodeListOf<HTMLElement>} */ (stage.querySelectorAll("[data-prompt]"))) {
    prompt.hidden = prompt.dataset.prompt !== action;
  }
}

/** @param {HTMLElement} stage @param {number} total @param {number} current */
function dots(stage, total, current) {
  const row = /** @type {HTMLElement} */ (stage.querySelector("[data-dots]"));
  row.replaceChildren(
    ...Array.from({ length: total }, (_, index) => {
      const dot = document.createElement("span");
      dot.dataset.state = index < current ? "done" : index === current ? "current" : "to do";
      return dot;
    }),
  );
}

/**
 * Show each movement in turn; resolves to the time of each prompt in milliseconds since `zero`.
 * @param {string[]} actions
 * @param {number} zero
 * @param {Scene} scene
 * @returns {Promise<PromptTime[]>}
 */
export async function prompt(actions, zero, { stage, say, signal }) {
  const asked = actions.length ? actions : ["hold_still"];
  /** @type {PromptTime[]} */
  const times = [];
  try {
    dots(stage, asked.length, 0);
    await pause(PRE_ROLL, signal);
    for (const [index, action] of asked.entries()) {
      show(stage, action);
      dots(stage, asked.length, index);
      say(stage.querySelector(`[data-prompt="${action}"]`)?.textContent?.trim() ?? "");
      times.push({ action, at: Math.round(performance.now() - zero) });
      await pause(actions.length ? MOVE : STILL, signal);
      navigator.vibrate?.(60);
    }
    dots(stage, asked.length, asked.length);
    await pause(POST_ROLL, signal);
  } finally {
    show(stage, "");
  }
  return times;
}

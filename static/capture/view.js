// @ts-check
/** The visible page: panels, texts, focus. All texts are in the HTML. */

const main = /** @type {HTMLElement} */ (document.querySelector("main"));

/** @param {string} name @returns {HTMLElement} the one element with that data attribute */
export const part = (name) => /** @type {HTMLElement} */ (main.querySelector(`[data-${name}]`));

export const addresses = main.dataset;
export const stage = /** @type {HTMLElement} */ (part("stage"));
export const preview = /** @type {HTMLVideoElement} */ (part("preview"));
export const cameras = /** @type {HTMLSelectElement} */ (part("cameras"));
const player = /** @type {HTMLVideoElement} */ (part("clip"));

/** @param {string} name */
export function words(name) {
  return main.querySelector(`[data-text="${name}"]`)?.textContent?.trim() ?? "";
}

/** Show one panel and move the focus to its heading. @param {string} name */
export function show(name) {
  for (const panel of /** @type {NodeListOf<HTMLElement>} */ (main.querySelectorAll("[data-panel]"))) {
    panel.hidden = panel.dataset.panel !== name;
  }
  player.pause();
  main.dataset.showing = name;
  part(`panel="${name}"`).querySelector("h1")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Show the panel, unless it is there already: its focus and its words stay. @param {string} name */
export function keepShowing(name) {
  if (main.dataset.showing !== name) show(name);
}

/** Announce `text` in the live region. @param {string} text */
export function say(text) {
  part("live").textContent = text;
}

/** @param {string} name */
export function hint(name) {
  part("hint").textContent = words(name);
}

/** Switch between framing and recording. @param {boolean} on @param {boolean} light */
export function recording(on, light = on) {
  stage.toggleAttribute("data-recording", light);
  part("recording-light").hidden = !light;
  part("framing").hidden = on;
  part("hint").hidden = light;
  part("picker").hidden = on || cameras.options.length < 2;
}

/** @param {MediaDeviceInfo[]} devices @param {string} current */
export function offerCameras(devices, current) {
  const options = devices.map(
    (device) => new Option(device.label, device.deviceId, false, device.deviceId === current),
  );
  cameras.replaceChildren(...options);
  part("picker").hidden = options.length < 2;
}

/** Play back the recording. @param {Blob} blob */
export function play(blob) {
  player.src = URL.createObjectURL(blob);
  say(words("recorded"));
  show("playback");
  player.play().catch(() => {}); // Some phones play only after a tap on the controls.
}

export function unplay() {
  if (!player.hasAttribute("src")) return;
  URL.revokeObjectURL(player.src);
  player.removeAttribute("src");
  player.load();
}

/** @param {string} reason the name of a text, or a message of the server */
export function stopped(reason) {
  part("reason").textContent = words(reason) || reason;
  show("stopped");
}

/** @param {number} sent @param {number} total bytes */
export function progress(sent, total) {
  const percent = total ? Math.round((100 * sent) / total) : 0;
  const bytes = `${(sent / 1e6).toFixed(1)} / ${(total / 1e6).toFixed(1)} MB`;
  const meter = part("meter");
  meter.setAttribute("aria-valuenow", String(percent));
  meter.setAttribute("aria-valuetext", `${percent} %, ${bytes}`);
  /** @type {HTMLElement} */ (meter.firstElementChild).style.width = `${percent}%`;
  part("bytes").textContent = bytes;
  part("percent").textContent = `${percent} %`;
  part("sending-words").textContent = words(percent === 100 ? "sent" : "sending");
}

/** The upload has stalled and is being retried. */
export function stuck() {
  part("sending-words").textContent = words("stuck");
  say(words("stuck"));
}

/** Sending does not work at the moment. @param {string} code who answered: "foreign" if it was not the server */
export function lost(code) {
  part("lost-words").textContent = words(code === "foreign" ? "lost-foreign" : "lost");
  keepShowing("lost");
}

/** Connect the buttons with their functions and enable them. @param {Record<string, () => void>} doings */
export function wire(doings) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (main.querySelectorAll("button[data-do]"))) {
    button.addEventListener("click", doings[button.dataset.do ?? ""]);
    button.disabled = false;
  }
}

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
const RESTING = 500;

/** @param {string} name */
export function words(name) {
  return main.querySelector(`[data-text="${CSS.escape(name)}"]`)?.textContent?.trim() ?? "";
}

/** Show one panel and move the focus to its heading. What was said before is not read again. @param {string} name */
export function show(name) {
  say("");
  hint("place");
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

/**
 * Buttons that have just come take no tap yet: it was meant for the one that stood there before. So the second half of a
 * double tap does nothing, nor does a tap on "Stop" that comes when the recording has just ended.
 * @param {HTMLElement} buttons
 */
export function rest(buttons) {
  buttons.toggleAttribute("data-resting", true);
  setTimeout(() => buttons.removeAttribute("data-resting"), RESTING);
}

/** Announce `text` in the live region. @param {string} text */
export function say(text) {
  part("live").textContent = text;
}

/** @param {string} name */
export function hint(name) {
  part("hint").textContent = words(name);
}

/** A hint on the picture; not while the person gets ready, who has other words to read. @param {import("./light.js").Advice} name */
export function advise(name) {
  part("reopen").hidden = name !== "blind" && name !== "still";
  if (!part("framing").hidden) hint(name);
}

/** @typedef {"framing" | "connecting" | "ready" | "filming"} Phase */

/** How far the recording is. @param {Phase} name */
export function phase(name) {
  const begun = name !== "framing";
  const filming = name === "filming";
  // The focused button goes away here, and the focus with it.
  if (begun && part("framing").contains(document.activeElement)) part('panel="live"').querySelector("h1")?.focus();
  stage.toggleAttribute("data-recording", filming);
  part("recording-light").hidden = !filming;
  part("framing").hidden = begun;
  part("filming").hidden = !begun;
  if (name === "connecting") rest(part("filming"));
  part("hint").hidden = filming;
  part("picker").hidden = begun || cameras.options.length < 2;
  hint(begun ? name : "place");
}

/** The person has stopped the recording. */
export function cancelled() {
  phase("framing");
  say("");
  hint("cancelled");
  rest(part("framing"));
  part("framing").querySelector("button")?.focus();
}

/** @param {MediaDeviceInfo} device @param {number} index */
const nameOf = (device, index) => device.label || `${words("camera")} ${index + 1}`;

/** @param {MediaDeviceInfo[]} devices @param {MediaStreamTrack} current the track of the camera in use */
export function offerCameras(devices, current) {
  const id = current.getSettings?.().deviceId;
  const used = devices.findIndex((device) => (id ? device.deviceId === id : device.label === current.label));
  cameras.replaceChildren(...devices.map((device, index) => new Option(nameOf(device, index), device.deviceId)));
  cameras.selectedIndex = used;
  part("picker").hidden = devices.length < 2 || part("framing").hidden;
}

/**
 * Show the panel of a camera that gives no picture, with a button for each other camera.
 * @param {string} name
 * @param {MediaDeviceInfo[]} others
 * @param {(deviceId: string) => void} use
 */
export function problem(name, others, use) {
  const place = part(`panel="${name}"`).querySelector("[data-others]");
  const buttons = others.map((device, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-second";
    button.textContent = `${words("use_camera")} ${nameOf(device, index)}`;
    button.addEventListener("click", () => use(device.deviceId));
    return button;
  });
  place?.replaceChildren(...buttons);
  show(name);
}

/** Play back the recording. @param {Blob} blob */
export function play(blob) {
  player.src = URL.createObjectURL(blob);
  show("playback");
  say(words("recorded"));
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

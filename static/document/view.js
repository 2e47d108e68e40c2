// @ts-check
/** What the photo step shows. */

export const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-limit]"));
export const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
const area = /** @type {HTMLElement} */ (form.querySelector(".drop"));
export const camera = /** @type {HTMLButtonElement} */ (form.querySelector("[data-camera]"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-action=primary]"));

/** @type {import("./photo.js").Limits} */
export const limits = {
  size: Number(form.dataset.limit),
  pixels: Number(form.dataset.pixels),
  types: input.accept.split(","),
};

/** @param {string} name */
const part = (name) => /** @type {HTMLElement} */ (form.querySelector(`[data-${name}]`));

/** @param {string} code */
const words = (code) => form.querySelector(`[data-text="${code}"]`)?.textContent ?? "";

/** Faults for which another photo helps. */
const NEEDS_ANOTHER = ["empty_file", "unreadable_file", "unsupported_image_type", "image_corrupt", "image_too_large"];

/** @param {string} code "" takes the fault away @param {string} [said] the server's words */
export function tell(code, said = words(code)) {
  const fault = part("fault");
  // What the server wrote got the focus; what is written now is read by itself.
  fault.setAttribute("role", "alert");
  fault.dataset.code = code;
  input.setAttribute("aria-invalid", String(Boolean(code)));
  const byCamera = NEEDS_ANOTHER.includes(code) && camera.offsetParent ? ` ${words("with_camera")}` : "";
  /** @type {HTMLElement} */ (form.querySelector("#fault")).textContent = said + byCamera;
  fault.hidden = !code;
  // The button that was pressed may be a screen below.
  if (code) fault.scrollIntoView({ block: "nearest" });
}

/** Nothing was chosen: the fault that was told before still says why. */
export function ask() {
  if (part("fault").hidden) tell("missing_file");
  input.focus({ preventScroll: true });
  part("fault").scrollIntoView({ block: "nearest" });
}

/** @param {string} code what happens at the moment; "" for nothing */
export function note(code) {
  part("note").textContent = words(code);
  part("meter").hidden = true;
}

/** @param {number} share of 1 */
export function progress(share) {
  const meter = /** @type {HTMLProgressElement} */ (part("meter"));
  meter.hidden = false;
  meter.value = share;
}

/** @param {boolean} on */
export function busy(on) {
  if (on) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
}

/** @param {import("./photo.js").Photo | null} photo @param {File} [file] as it was chosen */
export function show(photo, file) {
  area.querySelector("img")?.remove();
  const picture = photo?.picture;
  if (picture) {
    picture.alt = words("picture");
    area.prepend(picture);
  }
  part("empty").hidden = Boolean(photo);
  part("unseen").hidden = !photo || Boolean(picture);
  part("chosen").hidden = !photo;
  area.toggleAttribute("data-filled", Boolean(picture));
  part("name").textContent = file?.name ?? "";
  part("size").textContent = photo ? sizeOf(photo.file) : "";
}

/** @param {File} file */
function sizeOf({ size }) {
  return size < 1e5 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** Put the copy in memory in the place of the file, so that the form itself would send it too. @param {File | null} file */
export function put(file) {
  input.value = "";
  if (!file) return;
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
}

/** The fault on a page of the portal. @param {Document} page */
export function faultOn(page) {
  const fault = /** @type {HTMLElement | null} */ (page.querySelector("[data-fault]:not([hidden])"));
  return fault && { code: fault.dataset.code ?? "", words: fault.textContent?.trim() ?? "" };
}

/** What a page of the portal says that tells of its own trouble and not of the photo. @param {Document} page */
export function troubleOn(page) {
  const said = [...page.querySelectorAll(".opening > *")].map((part) => part.textContent?.trim());
  return { code: "unavailable", words: said.join(". ") };
}

/** Show another page of the portal here: it was the answer to what was sent, and is at no address. @param {Document} page */
export function replace(page) {
  for (const sheet of /** @type {NodeListOf<HTMLLinkElement>} */ (page.querySelectorAll("link[rel=stylesheet]"))) {
    const href = sheet.getAttribute("href") ?? "";
    if (!document.querySelector(`link[href="${CSS.escape(href)}"]`)) document.head.append(sheet);
  }
  document.title = page.title;
  document.body.replaceWith(page.body);
  /** @type {HTMLElement | null} */ (document.querySelector("h1"))?.focus();
}

// @ts-check
/**
 * Passkeys: a form with data-passkey gets a credential from the browser and is submitted with it.
 * "add" creates one, "use" uses one of the signed-in user, "sign-in" one that identifies its user.
 */

import { asked, answered, wanted, made } from "./credentials.js";

/**
 * What the server sends: the first to make a passkey, the second to use one.
 * @typedef {{ creation_options: { publicKey: PublicKeyCredentialCreationOptionsJSON },
 *   request_options: { publicKey: PublicKeyCredentialRequestOptionsJSON } }} Options
 */

// A passkey belongs to a host name, so none works at a numeric address.
const named = !/^[\d.]+$|:/.test(location.hostname);
const usable = named && isSecureContext && "credentials" in navigator && "PublicKeyCredential" in window;

/** @param {HTMLFormElement} form @returns {Promise<Options>} */
async function optionsOf(form) {
  if (form.dataset.passkey !== "sign-in") {
    return JSON.parse(document.getElementById("passkey-options")?.textContent ?? "{}");
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** @param {HTMLFormElement} form @returns {Promise<object>} */
async function credentialFor(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey === "add") {
    const alone = /** @type {HTMLInputElement} */ (form.elements.namedItem("passwordless")).checked;
    const publicKey = wanted(options.creation_options.publicKey, alone);
    return made(/** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey })));
  }
  const publicKey = asked(options.request_options.publicKey);
  return answered(/** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey })));
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const credential = /** @type {HTMLInputElement} */ (form.elements.namedItem("credential"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const problem = /** @type {HTMLElement} */ (form.querySelector("[data-passkey-problem]"));
  form.hidden = false;
  button.disabled = false;
  form.querySelector("[data-no-passkeys]")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    try {
      credential.value = JSON.stringify(await credentialFor(form));
      form.submit();
    } catch {
      // Cancelled, timed out, or no passkey on this device: the browser has shown which.
      problem.hidden = false;
      button.disabled = false;
    }
  });
}

if (usable) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    prepare(/** @type {HTMLFormElement} */ (form));
  }
}

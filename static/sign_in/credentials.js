// @ts-check
/** What the server writes as JSON and the browser wants as bytes, and the way back. */

/** @param {string} text @returns {ArrayBuffer} */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0)).buffer;
}

/** @param {ArrayBuffer | null | undefined} buffer @returns {string | undefined} */
function text(buffer) {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** @param {any[] | undefined} list */
const named = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

/**
 * Options to make a passkey; `alone`: one that signs in without the password.
 * @param {any} options
 * @param {boolean} alone
 */
export function wanted(options, alone) {
  const kind = { residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
    authenticatorSelection: {
      ...options.authenticatorSelection,
      ...kind,
      ...(alone ? { userVerification: "required" } : {}),
    },
  };
}

/** Options to use one. @param {any} options */
export function asked(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
}

/** @param {any} credential @param {object} response */
function written(credential, response) {
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** A new passkey for the server. @param {any} credential */
export function made(credential) {
  const { clientDataJSON, attestationObject } = credential.response;
  return written(credential, {
    clientDataJSON: text(clientDataJSON),
    attestationObject: text(attestationObject),
    transports: credential.response.getTransports?.() ?? [],
  });
}

/** A used passkey for the server. @param {any} credential */
export function answered(credential) {
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return written(credential, {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: text(userHandle),
  });
}

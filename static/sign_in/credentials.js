// @ts-check
/** Converts WebAuthn options and credentials between the server's JSON and the browser's buffers. */

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

/** @param {PublicKeyCredentialDescriptorJSON[] | undefined} list */
const named = (list) =>
  /** @type {PublicKeyCredentialDescriptor[] | undefined} */ (list?.map((one) => ({ ...one, id: bytes(one.id) })));

/**
 * Options to make a passkey; `alone`: one that signs in without the password.
 * @param {PublicKeyCredentialCreationOptionsJSON} options
 * @param {boolean} alone
 */
export function wanted(options, alone) {
  const kind = { residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  return /** @type {PublicKeyCredentialCreationOptions} */ ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
    authenticatorSelection: {
      ...options.authenticatorSelection,
      ...kind,
      ...(alone ? { userVerification: "required" } : {}),
    },
  });
}

/** Options to use one. @param {PublicKeyCredentialRequestOptionsJSON} options */
export function asked(options) {
  return /** @type {PublicKeyCredentialRequestOptions} */ ({
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  });
}

/** @param {PublicKeyCredential} credential @param {object} response */
function written(credential, response) {
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** A new passkey for the server. @param {PublicKeyCredential} credential */
export function made(credential) {
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  return written(credential, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

/** A used passkey for the server. @param {PublicKeyCredential} credential */
export function answered(credential) {
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return written(credential, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  });
}

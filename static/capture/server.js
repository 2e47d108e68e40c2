// @ts-check
/** Talking to the server: drawing a challenge, sending a recording. Knows nothing of the page. */

/** @typedef {{ attempt: string, nonce: string, mode: string, actions: { code: string, name: string }[], expires_in: number }} Challenge */

/** The server's answer when it is not a yes; status 0 when it could not be reached. */
export class Refused extends Error {
  /** @param {number} status @param {{ error?: { code: string, message: string }, next?: string }} [body] */
  constructor(status, body) {
    super(body?.error?.message ?? "");
    this.status = status;
    this.code = body?.error?.code ?? (status ? "server" : "offline");
    this.next = body?.next ?? "";
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Read for each request: a sign-in in another tab gives this browser a new token. */
function headers() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  return { "X-CSRFToken": token, Accept: "application/json" };
}

/** @param {string} url @returns {Promise<Challenge>} */
export async function draw(url) {
  const options = { method: "POST", headers: headers() };
  const answer = await fetch(url, options).catch(() => {
    throw new Refused(0);
  });
  const body = parse(await answer.text());
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

/** @param {import("./take.js").Take} take */
function formOf(take) {
  const form = new FormData();
  form.append("attempt", take.attempt);
  form.append("nonce", take.nonce);
  form.append("signals", JSON.stringify(take.signals));
  form.append("video", take.blob, take.name);
  return form;
}

/**
 * Send the recording; `onProgress` hears the bytes that have gone. XMLHttpRequest, as fetch can't tell that.
 * @param {string} url
 * @param {import("./take.js").Take} take
 * @param {(sent: number, total: number) => void} onProgress
 * @returns {Promise<{ next: string }>}
 */
export function send(url, take, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    request.addEventListener("load", () => {
      const body = parse(request.responseText);
      if (request.status < 300) resolve(body);
      else reject(new Refused(request.status, body));
    });
    for (const kind of ["error", "abort", "timeout"]) request.addEventListener(kind, () => reject(new Refused(0)));
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.send(formOf(take));
  });
}

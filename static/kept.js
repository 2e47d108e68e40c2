// @ts-check
/**
 * The recording that is not sent yet, kept in this browser so that it outlives a reload of the page. Deleted when it was
 * sent or refused, when its time is over, or when a page of another case opens. Some browsers have no such place, or
 * close it: then the recording is in the memory of the page alone.
 */

import { within } from "./deadline.js";

/** @typedef {import("./capture/take.js").Take} Take */

const DATABASE = "kyc-unsent";
const STORE = "recording";
// Some browsers never answer. Nobody should wait for a comfort.
const PATIENCE = 2000;

/** One after the other: a recording must not be written after it was deleted. @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * @template T
 * @param {() => Promise<T>} act
 * @returns {Promise<T | undefined>} undefined if there is no such place, or it doesn't answer
 */
function inTurn(act) {
  const turn = last.then(() => within(act(), PATIENCE)).catch(() => undefined);
  last = turn;
  return turn;
}

/** @template T @param {(records: IDBObjectStore) => IDBRequest<T>} act @returns {Promise<T>} */
async function perform(act) {
  const opening = indexedDB.open(DATABASE);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  const database = await settled(opening);
  try {
    return await settled(act(database.transaction(STORE, "readwrite").objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/**
 * Keep the recording; after `longest` milliseconds the server takes no more of it.
 * @param {string} mark of its case
 * @param {Take} take
 * @param {number} longest
 */
export async function keep(mark, { blob, until, ...rest }, longest) {
  // Bytes, because not every browser can keep a Blob; and the time of day, because the page's clock begins anew.
  const [at, left] = [Date.now(), until - performance.now()];
  await inTurn(async () => {
    const record = { ...rest, bytes: await blob.arrayBuffer(), mime: blob.type, mark, at, left, longest };
    return await perform((records) => records.put(record, "take"));
  });
}

/** Sending has begun, or went on. @param {Take} take */
export function note({ attempt, arrived }) {
  return inTurn(() => perform((records) => records.put({ attempt, arrived }, "sent")));
}

export function drop() {
  return inTurn(() => perform((records) => records.clear()));
}

/**
 * The recording of this case, while the server may take it, and for how many milliseconds it still may. What else is
 * found is deleted.
 * @param {string} mark of the case
 * @returns {Promise<{ take: Take, left: number } | null>}
 */
export async function find(mark) {
  const record = await inTurn(() => perform((records) => records.get("take")));
  if (!record) return null;
  const sent = await inTurn(() => perform((records) => records.get("sent")));
  const begun = sent?.attempt === record.attempt;
  const { bytes, mime, mark: whose, at, left, longest, ...rest } = record;
  const passed = Date.now() - at;
  const remains = (begun ? longest : left) - passed;
  // A clock that was set back tells nothing.
  if (whose !== mark || passed < 0 || remains < 0) {
    await drop();
    return null;
  }
  const sentSoFar = { begun, arrived: begun ? sent.arrived : 0 };
  const until = performance.now() + left - passed;
  return { take: { ...rest, blob: new Blob([bytes], { type: mime }), until, ...sentSoFar }, left: remains };
}

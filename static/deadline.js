// @ts-check
/** Waits that end: a browser's promise may never settle. */

/** The awaited thing did not happen in time. */
export class Overdue extends Error {}

/**
 * The result of `promise`; rejects with Overdue after `milliseconds`. What comes later is given to `late`.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @param {(value: T) => void} [late] to release what nobody waits for any more
 * @returns {Promise<T>}
 */
export function within(promise, milliseconds, late = () => {}) {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      reject(new Overdue());
    }, milliseconds);
    promise.then(
      (value) => {
        clearTimeout(timer);
        if (over) late(value);
        else resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

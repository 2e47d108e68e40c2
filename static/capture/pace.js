// @ts-check
/**
 * How large a part is and how long its answer may take, by what the line did before. A proxy on the way may take each part
 * at once and pass it on slowly, so only a confirmed part says how fast the line is.
 */

// Nothing is known of the line yet.
const FIRST_SIZE = 131_072;
// A part should take so long: a longer one loses more when it breaks, a shorter one spends its time on waiting.
const MS_OF_A_PART = 10_000;
// After the last byte: how long the answer may take, before a part was confirmed, and at least and at most after that. The
// server itself gives a part 90 s (MAX_UPLOAD_TIME in pages/uploads/body.py).
const UNKNOWN = 60_000;
const SHORTEST = 20_000;
const LONGEST = 90_000;
const TIMES_SLOWER = 3;

/** @param {number} smallest @param {number} largest bytes of a part */
export function pace(smallest, largest) {
  let size = FIRST_SIZE;
  let bytesPerMs = 0;
  /** @param {number} wanted */
  const limit = (wanted) => Math.round(Math.min(largest, Math.max(smallest, wanted)));
  return {
    size: () => limit(size),
    /** @param {number} bytes */
    patience(bytes) {
      if (!bytesPerMs) return UNKNOWN;
      return Math.min(LONGEST, Math.max(SHORTEST, (TIMES_SLOWER * bytes) / bytesPerMs));
    },
    /** @param {number} bytes @param {number} ms until they were confirmed */
    measured(bytes, ms) {
      bytesPerMs = bytes / Math.max(ms, 1);
      size = bytesPerMs * MS_OF_A_PART;
    },
    shrink() {
      size = limit(size) / 2;
      bytesPerMs = 0;
    },
  };
}

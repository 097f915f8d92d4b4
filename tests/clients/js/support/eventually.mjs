/** Waiting for a fact instead of for a while. */

const LIMIT_MS = 10_000;
const PAUSE_MS = 25;

/**
 * Repeats `check` until it stops throwing, and returns what it returned; after the limit, its last
 * error is thrown. The pause only keeps the loop from spinning; no test depends on its length.
 *
 * @template T
 * @param {() => Promise<T>} check
 * @returns {Promise<T>}
 */
export async function eventually(check) {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

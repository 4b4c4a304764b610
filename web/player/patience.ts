/** How long the player waits for the server, and how often it asks again. Pure. */

/**
 * Milliseconds until the first byte. What is being made for a viewer is held by the server for 8 s
 * (`delivery/streaming.py`, `MADE_WITHIN`) before it says "not ready"; this must be longer.
 */
export const FIRST_BYTE_WITHIN = 20_000;

/** Milliseconds for the whole of a segment: the most that a slow line may take. */
export const LOADED_WITHIN = 120_000;

/** Milliseconds between two requests for the same; what the server's `Retry-After` asks for. */
export const PAUSE = 1000;

/** "Not ready" so often that it is no longer a wait: 6 min when each was held, 40 s when none was. */
const PATIENT = 40;
/** For failures that may pass, such as a server that restarts. */
const USUAL = 2;

/** Whether to ask again after `tries` repetitions ended in `status` (0 or undefined: no answer at all). */
export function worthAnother(status: number | undefined, tries: number): boolean {
  if (status === 503) return tries < PATIENT;
  const isRefused = status !== undefined && status >= 400 && status < 500;
  return !isRefused && tries < USUAL;
}

/** Strikes since something was last loaded, at which a viewer whose picture stands still is not kept waiting. */
export const STRIKES = 8;

/**
 * What a request that ended in `status` counts as. Sound and pictures are counted together, so these
 * are a few seconds without an answer, but most of a minute of "not ready" at the least.
 */
export function strikesOf(status: number | undefined): number {
  return status === 503 ? 0.1 : 1;
}

import type { Options, Place } from "./contract.ts";

/** What a courier is given: one attempt at sending what is left of a file. */
export interface Errand {
  file: File;
  place: Place;
  options: Options;
  /** Aborted when the user pauses or cancels. */
  signal: AbortSignal;
  /** Bytes of the file that have gone, all attempts together. */
  onSent: (bytes: number) => void;
  /** Keeps something learnt of the place over a restart; resolves once it is kept. */
  learn: (change: Partial<Place>) => Promise<void>;
}

/**
 * Sends what the server does not have yet; resolves once it has all of it. Rejects with `Stopped`, or with a
 * `Problem` that is worth another attempt if it is `passing`.
 */
export type Courier = (errand: Errand) => Promise<void>;

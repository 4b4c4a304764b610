import { Problem } from "../plain/problem.ts";
import type { Metadata, Place } from "./contract.ts";
import { Hold } from "./hold.ts";
import type { Kept } from "./keep.ts";
import { Rate } from "./rate.ts";

/** What an upload needs beside its state: what is no plain data, or nobody's business. */
export interface Job {
  /** What is kept of it; its place is the one that counts. */
  kept: Kept;
  file: File | null;
  handle: FileSystemFileHandle | null;
  hold: Hold;
  /** Room that the server is making for it; attempts share it. */
  opening: Promise<Place> | null;
  /** Whether the user does not want it any more. */
  cancelled: boolean;
  /** Ends the attempt under way. */
  stop: AbortController | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Attempts since bytes last moved. */
  tries: number;
  rate: Rate;
}

export function newJob(kept: Kept, file: File | null, handle: FileSystemFileHandle | null, hold: Hold): Job {
  const idle = { opening: null, cancelled: false, stop: null, timer: undefined };
  return { kept, file, handle, hold, ...idle, tries: 0, rate: new Rate() };
}

/** What is kept of a file that was just chosen. */
export function keptOf(id: string, scope: string, file: File, metadata: Metadata): Kept {
  const { name, size, type, lastModified } = file;
  // Finer than milliseconds, so that those chosen together keep their order.
  const now = performance.timeOrigin + performance.now();
  const blank = { place: null, paused: false, sent: 0, addedAt: now };
  return { id, scope, name, size, type, lastModified, metadata, ...blank };
}

/** The name of one beginning of an upload: by it the server knows the same again whose answer was lost. */
export function beginningOf(kept: Kept): string {
  return `${kept.id}-${kept.renewed ?? 0}`;
}

/** What is kept of one that the server has forgotten, to begin it afresh. */
export function renewed(kept: Kept): Kept {
  return { ...kept, place: null, renewed: (kept.renewed ?? 0) + 1 };
}

/** Whether a file is another than the one kept; `exact` where it is read from the same place as that was. */
export function isOther(kept: Kept, file: File, exact: boolean): boolean {
  return kept.size !== file.size || kept.name !== file.name || (exact && kept.lastModified !== file.lastModified);
}

/** 96 random bits in base 16; `crypto.randomUUID` is not there on plain http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Milliseconds before each further attempt. */
const DELAYS = [1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000, 30_000];
/** Attempts where another sender has the upload, or our offset was wrong: asked anew it is mostly right. */
const CONTESTED = 3;

/** Milliseconds until the next attempt after a failure; null where none is worth it. */
export function retryDelay(problem: Problem, tries: number): number | null {
  const contested = problem.status === 409 || problem.status === 423;
  if (!problem.passing && !(contested && tries < CONTESTED)) return null;
  return DELAYS[tries] ?? null;
}

/** Whether the server no longer knows the upload, so that only a new one can help. */
export function isGone(problem: Problem): boolean {
  return problem.status === 404 || problem.status === 410;
}

/** Whether a failed upload may succeed when it is tried again; `anew` says that it can be begun afresh. */
export function mayRetry(problem: Problem, anew: boolean): boolean {
  return problem.passing || (isGone(problem) && anew);
}

/** The file itself may be what went wrong, which browsers report as a broken connection. */
export async function fileTrouble(file: File): Promise<Problem | null> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return null;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return new Problem(400, "file_changed", "The file was changed or moved after it was chosen.", "Choose it again.");
  }
}

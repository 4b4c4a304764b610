import type { Problem } from "../plain/problem.ts";
import type { Metadata, Verdict } from "./contract.ts";

/**
 * Where an upload stands.
 *
 * `checking` its head is being judged; `waiting` it is not its turn; `opening` the server makes room for it;
 * `sending`; `stalled` the connection was lost, and it goes on by itself; `paused` by the user; `asking` the
 * browser was restarted and the file has to be given again; `refused` it is not going to be sent; `failed` the
 * server gave it up; `done`; `cancelled`.
 */
export type Step =
  | "checking"
  | "waiting"
  | "opening"
  | "sending"
  | "stalled"
  | "paused"
  | "asking"
  | "refused"
  | "failed"
  | "done"
  | "cancelled";

/** One upload as it stands. Plain data that is replaced, never changed. */
export interface UploadState {
  /** The element's own name for it, kept over restarts of the browser. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** What the page wanted kept with it. */
  readonly metadata: Metadata;
  readonly step: Step;
  /** Bytes that have gone. */
  readonly sent: number;
  /** Bytes a second; null while there is no telling. */
  readonly perSecond: number | null;
  readonly secondsLeft: number | null;
  /** Why it is stalled, refused or failed. */
  readonly problem: Problem | null;
  /** Whether a failed one may succeed when it is tried again. */
  readonly canRetry: boolean;
  /** Milliseconds since 1970 at which a stalled upload goes on; null when it waits for the network. */
  readonly retryAt: number | null;
  readonly verdict: Verdict | null;
  /** The server's names for the upload and its video, once it has told them. */
  readonly uploadId: string | null;
  readonly videoId: string | null;
  /** Whether it was begun before the page was loaded. */
  readonly resumed: boolean;
  /** Whether it goes on after a restart of the browser without being chosen again. */
  readonly survives: boolean;
  /** How `asking` is answered: by one click, or by choosing the file again. */
  readonly wants: "permission" | "file" | null;
}

const OVER: readonly Step[] = ["refused", "failed", "done", "cancelled"];

/** Whether nothing more happens to it unless someone asks. */
export function isOver(state: UploadState): boolean {
  return OVER.includes(state.step);
}

/** Whether bytes are moving, or about to without anyone's doing. */
export function isUnderWay(state: UploadState): boolean {
  return !isOver(state) && state.step !== "paused" && state.step !== "asking";
}

/** The state of a file that was just chosen. */
export function begun(
  id: string,
  file: { name: string; size: number; type: string },
  metadata: Metadata = {},
): UploadState {
  return {
    id,
    name: file.name,
    size: file.size,
    type: file.type,
    metadata,
    step: "checking",
    sent: 0,
    perSecond: null,
    secondsLeft: null,
    problem: null,
    canRetry: false,
    retryAt: null,
    verdict: null,
    uploadId: null,
    videoId: null,
    resumed: false,
    survives: false,
    wants: null,
  };
}

/** What changed, and from what; `before` is null for what was added, `now` for what was taken off. */
export type Change = (now: UploadState | null, before: UploadState | null) => void;

/** All uploads of an element, in the order they were added: the one place where their state is. */
export class Store {
  private readonly states = new Map<string, UploadState>();

  constructor(private readonly changed: Change) {}

  get all(): readonly UploadState[] {
    return [...this.states.values()];
  }

  get(id: string): UploadState | null {
    return this.states.get(id) ?? null;
  }

  add(state: UploadState): void {
    this.states.set(state.id, state);
    this.changed(state, null);
  }

  /** Replaces a part of a state; what is no longer there is passed over. */
  set(id: string, change: Partial<UploadState>): void {
    const before = this.states.get(id);
    if (!before) return;
    const now = { ...before, ...change };
    this.states.set(id, now);
    this.changed(now, before);
  }

  remove(id: string): void {
    const before = this.states.get(id);
    if (!before) return;
    this.states.delete(id);
    this.changed(null, before);
  }
}

import { Problem } from "../plain/problem.ts";
import { bytes } from "../plain/words.ts";
import { Hold } from "./hold.ts";
import { isOther, type Job, newJob } from "./job.ts";
import type { Keep, Kept, KeptFile } from "./keep.ts";
import { begun, type Store, type UploadState } from "./state.ts";

/** The part of the File System Access API that has no types of its own yet. */
interface Permitting {
  queryPermission?: (wanted: { mode: "read" }) => Promise<PermissionState>;
  requestPermission?: (wanted: { mode: "read" }) => Promise<PermissionState>;
}

/** Uploads that an earlier page left behind, closed or killed as it was. */
export class Returning {
  /** Those that another tab still has. */
  private readonly awaited = new Set<Hold>();
  /** Counts the times that everything was left. */
  private round = 0;

  constructor(
    private readonly keep: Keep,
    private readonly store: Store,
    private readonly jobs: Map<string, Job>,
    private readonly ready: () => void,
  ) {}

  /** Takes up what is kept. What another tab is sending follows once that tab is gone. */
  async restore(scope: string): Promise<void> {
    const { round } = this;
    const all = await this.keep.all(scope, Date.now());
    if (round !== this.round) return;
    for (const { id } of all) {
      if (this.store.get(id) || this.jobs.has(id)) continue;
      const hold = new Hold(id);
      this.awaited.add(hold);
      void hold.granted.then(() => this.takeUp(id, hold));
    }
  }

  /** No longer waits for what other tabs have. */
  leave(): void {
    this.round += 1;
    for (const hold of this.awaited) hold.end();
    this.awaited.clear();
  }

  /** The upload that asks for just this file. */
  wanting(file: File): string | null {
    const isIt = ({ id, step }: UploadState): boolean =>
      step === "asking" && this.trouble(id, file, false) === null;
    return this.store.all.find(isIt)?.id ?? null;
  }

  /** Goes on with the file, or says what is wrong with it; `exact` where it was read by the handle that was kept. */
  give(id: string, file: File, exact = false): void {
    const trouble = this.trouble(id, file, exact);
    const job = this.jobs.get(id);
    if (trouble) this.store.set(id, { problem: trouble });
    if (trouble || !job) return;
    job.file = file;
    this.store.set(id, { step: "waiting", wants: null, problem: null });
    void this.keep.putFile(id, file, job.handle).then((survives) => this.store.set(id, { survives }));
    this.ready();
  }

  /** Asks the user whether the file may be read again; has to be called by a click. */
  async permit(id: string): Promise<void> {
    const handle = this.jobs.get(id)?.handle as (FileSystemFileHandle & Permitting) | null | undefined;
    if (!handle) return;
    if ((await handle.requestPermission?.({ mode: "read" })) !== "granted") return;
    const file = await fileOf(handle);
    if (file) this.give(id, file, true);
    // It is gone, or what is there now is another: what was chosen may still be elsewhere.
    if (this.store.get(id)?.step === "asking") this.store.set(id, { wants: "file" });
  }

  private async takeUp(id: string, hold: Hold): Promise<void> {
    // Read again: while the other tab had it, it went on or came to its end.
    const kept = await this.keep.get(id);
    const [found, handle] = await opened(await this.keep.file(id));
    // Left meanwhile, it belongs to whoever comes next.
    if (!this.awaited.delete(hold)) return;
    if (!kept || this.store.get(id)) return hold.end();
    // Changed since, it does not go on: its beginning is on the server as it was.
    const isChanged = found !== null && isOther(kept, found, handle !== null);
    const [file, still] = isChanged ? [null, null] : [found, handle];
    this.jobs.set(id, newJob(kept, file, still, hold));
    const state = stateOf(kept, file, still);
    this.store.add(isChanged ? { ...state, problem: this.trouble(id, found, true) } : state);
    this.ready();
  }

  private trouble(id: string, file: File, exact: boolean): Problem | null {
    const kept = this.jobs.get(id)?.kept;
    if (!kept || !isOther(kept, file, exact)) return null;
    const sentence = `This is another file than ${kept.name} of ${bytes(kept.size)}.`;
    return new Problem(400, "other_file", sentence, "Choose that one to go on.");
  }
}

function stateOf(kept: Kept, file: File | null, handle: FileSystemFileHandle | null): UploadState {
  const { uploadId = null, videoId = null } = kept.place ?? {};
  const state = { ...begun(kept.id, kept, kept.metadata), uploadId, videoId, sent: kept.sent, resumed: true };
  if (!file) return { ...state, step: "asking", wants: handle ? "permission" : "file" };
  return { ...state, step: kept.paused ? "paused" : "waiting", survives: true };
}

/** The file, if it can be read without asking, and its handle, if that is what was kept. */
async function opened(found: KeptFile | null): Promise<[File | null, FileSystemFileHandle | null]> {
  if (!found || found instanceof File) return [found, null];
  const handle = found as FileSystemFileHandle & Permitting;
  const granted = (await handle.queryPermission?.({ mode: "read" })) === "granted";
  return [granted ? await fileOf(handle) : null, handle];
}

/** Null where it is no longer there. */
async function fileOf(handle: FileSystemFileHandle): Promise<File | null> {
  try {
    return await handle.getFile();
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

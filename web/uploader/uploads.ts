import { Problem, problemOfFailure } from "../plain/problem.ts";
import type { Metadata, Options, Place } from "./contract.ts";
import { Hold } from "./hold.ts";
import { problemFrom, Stopped } from "./http.ts";
import { beginningOf, fileTrouble, isGone, type Job, keptOf, mayRetry, newId, newJob } from "./job.ts";
import { renewed, retryDelay } from "./job.ts";
import { Keep } from "./keep.ts";
import { abandon, courierTo, leadsSomewhere, open } from "./place.ts";
import { preflight } from "./preflight.ts";
import { Rate } from "./rate.ts";
import { Returning } from "./returning.ts";
import { begun, type Change, isOver, Store } from "./state.ts";

/** Steps in which an upload takes one of the places abreast. */
const BUSY: readonly string[] = ["opening", "sending", "stalled"];

/** The uploads of an element: what is wanted of them comes in here, and how they stand is in `store`. */
export class Uploads {
  readonly store: Store;
  private readonly keep = new Keep();
  private readonly jobs = new Map<string, Job>();
  private readonly returning: Returning;

  constructor(
    private readonly scope: () => string,
    /** As the element's attributes say at the moment. */
    private readonly options: () => Options,
    changed: Change,
  ) {
    this.store = new Store(changed);
    this.returning = new Returning(this.keep, this.store, this.jobs, () => this.pump());
  }

  /** Takes a file that was chosen; `refusal` is why it is not going to be sent. Its name here. */
  add(file: File, handle: FileSystemFileHandle | null, metadata: Metadata, refusal: Problem | null): string {
    const again = this.returning.wanting(file);
    if (again) {
      this.returning.give(again, file);
      return again;
    }
    const id = newId();
    if (refusal) {
      this.store.add({ ...begun(id, file, metadata), step: "refused", problem: refusal });
      return id;
    }
    const job = newJob(keptOf(id, this.scope(), file, metadata), file, handle, new Hold(id));
    this.jobs.set(id, job);
    this.store.add(begun(id, file, metadata));
    void this.prepare(id, job, file);
    return id;
  }

  /** The file of one that is not over; null where it has to be given again. */
  fileOf(id: string): File | null {
    return this.jobs.get(id)?.file ?? null;
  }

  /** Takes up what an earlier page left behind. */
  restore(): Promise<void> {
    return this.returning.restore(this.scope());
  }

  /** Goes on with one that is `asking` for its file. */
  give(id: string, file: File): void {
    this.returning.give(id, file);
  }

  pause(id: string): void {
    const job = this.jobs.get(id);
    const state = this.store.get(id);
    if (!job || !state || isOver(state) || state.step === "asking") return;
    this.halt(job);
    this.store.set(id, { step: "paused", perSecond: null, secondsLeft: null, problem: null });
    this.remember(job, { paused: true, sent: state.sent });
    this.pump();
  }

  /** Goes on with what was paused, stalled or failed, or lacks only the user's permission to be read again. */
  resume(id: string): void {
    const job = this.jobs.get(id);
    const state = this.store.get(id);
    if (state?.step === "asking" && state.wants === "permission") void this.returning.permit(id);
    if (!job || !state || !["paused", "stalled", "failed"].includes(state.step)) return;
    this.halt(job);
    job.tries = 0;
    this.store.set(id, { step: "waiting", problem: null, retryAt: null });
    if (job.kept.paused) this.remember(job, { paused: false });
    this.pump();
  }

  /** Ends one that is not over, here and on the server; one that is over is only taken off. Its video's id, if any. */
  async cancel(id: string): Promise<string | null> {
    const job = this.jobs.get(id);
    const state = this.store.get(id);
    if (state && state.step !== "done" && state.step !== "refused") this.store.set(id, { step: "cancelled" });
    this.store.remove(id);
    this.jobs.delete(id);
    this.pump();
    if (!job) return state?.videoId ?? null;
    job.cancelled = true;
    // Too late to cancel it by not asking: what is being made for it is waited for. It may be there, and nobody
    // wait for it any more, before the upload is forgotten here.
    const { opening } = job;
    this.halt(job);
    await this.forget(job);
    const place = job.kept.place ?? (await opening?.catch(() => null));
    if (place && state?.step !== "done") await abandon(place);
    return place?.videoId ?? null;
  }

  /** The network is back: what waits for it goes on. */
  online(): void {
    for (const { id, step } of this.store.all) if (step === "stalled") this.resume(id);
  }

  /** Ends what is under way without forgetting it, as when the element leaves its page. */
  leave(): void {
    for (const job of this.jobs.values()) {
      this.halt(job);
      job.hold.end();
    }
    this.jobs.clear();
    this.returning.leave();
    for (const { id } of this.store.all) this.store.remove(id);
  }

  private async prepare(id: string, job: Job, file: File): Promise<void> {
    job.stop = new AbortController();
    const url = this.options().preflight;
    const { metadata } = job.kept;
    try {
      const { signal } = job.stop;
      const verdict = url ? await preflight(new URL(url, document.baseURI).href, file, metadata, signal) : null;
      if (verdict) this.store.set(id, { verdict });
      if (verdict?.verdict === "refused") {
        const refused = new Problem(422, "refused", verdict.reasons[0] ?? "The server would refuse this file.", "");
        const problem = verdict.error ? problemOfFailure(verdict.error) : refused;
        this.store.set(id, { step: "refused", problem });
        this.jobs.delete(id);
        job.hold.end();
        return;
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    if (!this.jobs.has(id)) return; // cancelled meanwhile
    // Before the first byte goes: whatever is killed from here on, the upload goes on.
    const survives = (await this.keep.put(job.kept)) && (await this.keep.putFile(id, file, job.handle));
    if (!this.jobs.has(id)) return void this.keep.remove(id);
    this.store.set(id, { survives });
    if (this.store.get(id)?.step === "checking") this.store.set(id, { step: "waiting" });
    this.pump();
  }

  /** Begins what waits, as far as there are places abreast and the attributes say where to send it. */
  pump(): void {
    for (const state of this.store.all) {
      const busy = this.store.all.filter(({ step }) => BUSY.includes(step)).length;
      if (busy >= this.options().parallel) return;
      const job = this.jobs.get(state.id);
      if (state.step !== "waiting" || !job?.file) continue;
      // A page may still be asking its server where to send files.
      if (job.kept.place || leadsSomewhere(this.options())) void this.attempt(state.id, job, job.file);
    }
  }

  private async attempt(id: string, job: Job, file: File): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    job.stop = stop;
    job.rate = new Rate();
    try {
      const place = await this.placeOf(id, job, file);
      if (signal.aborted) throw new Stopped();
      this.store.set(id, { step: "sending", problem: null, retryAt: null });
      const learn = (change: Partial<Place>): Promise<void> => this.learn(job, change);
      const onSent = (bytes: number): void => {
        if (!signal.aborted) this.sent(id, job, bytes);
      };
      await courierTo(place)({ file, place, options: this.options(), signal, onSent, learn });
      if (signal.aborted) throw new Stopped();
      this.store.set(id, { step: "done", sent: file.size, perSecond: null, secondsLeft: null });
      this.jobs.delete(id);
      await this.forget(job);
    } catch (error) {
      if (!(error instanceof Stopped)) await this.failed(id, job, file, problemFrom(error), signal);
    }
    this.pump();
  }

  private async placeOf(id: string, job: Job, file: File): Promise<Place> {
    let { place } = job.kept;
    if (!place) {
      this.store.set(id, { step: "opening", problem: null, retryAt: null });
      // Who pauses and goes on meanwhile does not have room made twice.
      job.opening ??= this.open(job, file).finally(() => (job.opening = null));
      place = await job.opening;
    }
    this.store.set(id, { uploadId: place.uploadId, videoId: place.videoId });
    return place;
  }

  private async open(job: Job, file: File): Promise<Place> {
    const place = await open(file, job.kept.metadata, this.options(), beginningOf(job.kept));
    if (!job.cancelled) await this.learn(job, place);
    return place;
  }

  private sent(id: string, job: Job, bytes: number): void {
    const state = this.store.get(id);
    if (!state) return;
    if (bytes > state.sent) job.tries = 0;
    job.rate.note(performance.now(), bytes);
    const { perSecond } = job.rate;
    this.store.set(id, { sent: bytes, perSecond, secondsLeft: job.rate.secondsLeft(state.size) });
  }

  private async failed(id: string, job: Job, file: File, told: Problem, signal: AbortSignal): Promise<void> {
    const problem = (told.status === 0 ? await fileTrouble(file) : null) ?? told;
    if (signal.aborted) return;
    const pace = { perSecond: null, secondsLeft: null };
    const delay = retryDelay(problem, job.tries);
    job.tries += 1;
    if (delay !== null) {
      const offline = !navigator.onLine;
      this.store.set(id, { step: "stalled", problem, retryAt: offline ? null : Date.now() + delay, ...pace });
      if (!offline) job.timer = setTimeout(() => this.again(id, job), delay);
      return;
    }
    const canRetry = mayRetry(problem, job.kept.place !== null && !this.options().uploadUrl);
    this.store.set(id, { step: "failed", problem, canRetry, ...pace });
    // Tried again it begins anew, where the server has forgotten it.
    if (isGone(problem)) job.kept = renewed(job.kept);
    if (!canRetry) await this.keep.remove(id);
  }

  /** The next attempt of a stalled upload, whose tries are counted on. */
  private again(id: string, job: Job): void {
    if (this.store.get(id)?.step !== "stalled" || !job.file) return;
    void this.attempt(id, job, job.file);
  }

  private halt(job: Job): void {
    clearTimeout(job.timer);
    job.stop?.abort();
    job.stop = null;
  }

  private async learn(job: Job, change: Partial<Place>): Promise<void> {
    // The first of these is a whole place.
    const place = { ...job.kept.place, ...change } as Place;
    job.kept = { ...job.kept, place };
    await this.keep.put(job.kept);
  }

  private remember(job: Job, change: { paused: boolean; sent?: number }): void {
    job.kept = { ...job.kept, ...change };
    void this.keep.put(job.kept);
  }

  private async forget(job: Job): Promise<void> {
    await this.keep.remove(job.kept.id);
    job.hold.end();
  }
}

import type { Api } from "./api.ts";
import { Card, type Shown } from "./card.ts";
import type { Video, VideoPage } from "./contract.ts";
import { announce } from "./dom.ts";
import { type Found, Poll } from "./poll.ts";
import { Problem } from "../plain/problem.ts";
import type { Sending } from "./sending.ts";

/** Milliseconds: a video at work is asked for every half second, slowing to two while nothing moves. */
const VIDEO_PACE = { quick: 500, slow: 2000 };
/** Milliseconds: videos that others add or delete are found this often. */
const LIST_PACE = { quick: 5000, slow: 5000 };
const PAGE = 20;

interface Entry extends Shown {
  card: Card;
  source: Sending | null;
  poll: Poll | null;
  /** `performance.now()` when it came to be here. */
  since: number;
}

/** What the list asks of the page around it. */
export interface Surroundings {
  /** Asks the user; resolves to whether to go on. */
  confirm: (name: string) => Promise<boolean>;
  trouble: (problem: Problem | null) => void;
  /** After each change: how many there are, whether older ones are left on the server. */
  counted: (count: number, more: boolean) => void;
  /** Where the focus goes when the last video is gone. */
  focusElsewhere: () => void;
}

/** The project's videos, newest first, kept in step with the server. */
export class VideoList {
  private entries: Entry[] = [];
  private readonly refresh: Poll;
  private cursor: string | null = null;
  private paged = false;

  constructor(
    private readonly api: Api,
    private readonly element: HTMLElement,
    private readonly around: Surroundings,
  ) {
    this.refresh = new Poll(() => this.readFirst(), LIST_PACE, (problem) => around.trouble(problem));
  }

  start(): void {
    this.refresh.start();
  }

  /** Ends all polling and empties the list. */
  stop(): void {
    this.refresh.stop();
    for (const entry of [...this.entries]) this.drop(entry);
  }

  /** Puts a file of this page's on top; `changed` must be called whenever its upload moves on. */
  add(upload: Sending, shown: Shown, open: boolean): void {
    const entry = this.enter(shown, upload, 0);
    this.dropTwin(entry);
    entry.card.update(entry);
    entry.card.open(open);
    this.count();
    // A small file may have gone before its picture was there.
    if (upload.state.step === "done") this.changed(upload);
  }

  changed(upload: Sending): void {
    const entry = this.entries.find((one) => one.source === upload);
    if (!entry) return;
    entry.upload = upload.state;
    if (upload.state.step === "cancelled") {
      this.drop(entry);
      return;
    }
    this.dropTwin(entry);
    entry.card.update(entry);
    if (upload.state.step === "failed" || upload.state.step === "refused") {
      announce(`The upload of ${upload.name} failed.`);
    }
    if (upload.state.step !== "done") return;
    announce(`${upload.name} is uploaded and being processed.`);
    this.watch(entry, upload.videoId ?? "");
  }

  /** Adds the next, older page. */
  async more(): Promise<void> {
    try {
      const page = await this.api.list(PAGE, this.cursor);
      this.paged = true;
      this.merge(page.data);
      this.turn(page);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.around.trouble(error);
    }
  }

  private async readFirst(): Promise<Found> {
    const asked = performance.now();
    const page = await this.api.list(PAGE);
    this.around.trouble(null);
    this.merge(page.data);
    this.forgetMissing(page, asked);
    if (!this.paged) this.turn(page);
    this.count();
    return "changed";
  }

  private turn(page: VideoPage): void {
    this.cursor = page.has_more ? page.next_cursor : null;
    this.count();
  }

  private merge(videos: Video[]): void {
    for (const video of videos) {
      const known = this.entryOf(video.id);
      if (known) {
        this.show(known, video);
      } else {
        const at = this.entries.findIndex((one) => one.video && one.video.created_at < video.created_at);
        const blank = { upload: null, preview: null, wished: [], isPublic: video.is_public };
        const entry = this.enter({ ...blank, video }, null, at < 0 ? this.entries.length : at);
        this.show(entry, video);
      }
    }
  }

  /** Drops what the server no longer lists, as far down as its page reaches. */
  private forgetMissing(page: VideoPage, asked: number): void {
    const oldest = page.data.at(-1)?.created_at ?? "";
    const listed = new Set(page.data.map((video) => video.id));
    for (const entry of [...this.entries]) {
      const { video } = entry;
      if (!video || entry.source?.underWay || entry.since > asked || listed.has(video.id)) continue;
      if (!page.has_more || video.created_at > oldest) this.drop(entry);
    }
  }

  private entryOf(id: string): Entry | undefined {
    return this.entries.find((one) => one.video?.id === id || one.source?.videoId === id);
  }

  private enter(shown: Shown, source: Sending | null, at: number): Entry {
    const card = new Card({
      remove: () => void this.remove(entry),
      retry: () => source?.resume(),
      pause: () => source?.pause(),
      opened: () => void this.freshen(entry),
    });
    const entry: Entry = { ...shown, card, source, poll: null, since: performance.now() };
    this.element.insertBefore(card.element, this.entries[at]?.card.element ?? null);
    this.entries.splice(at, 0, entry);
    return entry;
  }

  private show(entry: Entry, video: Video): void {
    const before = entry.video?.status;
    entry.video = video;
    entry.card.update(entry);
    if (before === "processing" && video.status === "ready") announce(`${video.filename} is ready.`);
    if (before === "processing" && video.status === "fail") announce(`Processing ${video.filename} failed.`);
    const working = video.status === "pending_upload" || video.status === "processing";
    if (working && !entry.poll && !entry.source?.underWay) this.watch(entry, video.id);
  }

  private watch(entry: Entry, id: string): void {
    const step = async (): Promise<Found> => {
      const before = JSON.stringify(entry.video);
      const video = await this.api.video(id);
      if (!this.entries.includes(entry)) return "over";
      this.show(entry, video);
      if (video.status === "ready" || video.status === "fail") return "over";
      return JSON.stringify(video) === before ? "same" : "changed";
    };
    entry.poll?.stop();
    entry.poll = new Poll(step, VIDEO_PACE, (problem) => this.lost(entry, problem));
    entry.poll.start();
  }

  private lost(entry: Entry, problem: Problem): void {
    if (problem.status === 404) this.drop(entry);
    else this.around.trouble(problem);
  }

  /** An opened card gets fresh addresses: those of a private video may have expired since. */
  private async freshen(entry: Entry): Promise<void> {
    if (!entry.video) return;
    try {
      this.show(entry, await this.api.video(entry.video.id));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.lost(entry, error);
    }
  }

  private async remove(entry: Entry): Promise<void> {
    const name = entry.video?.filename ?? entry.source?.name ?? "";
    const at = this.entries.indexOf(entry);
    const next = this.entries[at + 1] ?? this.entries[at - 1];
    if (entry.source && entry.source.state.step !== "done") {
      await this.giveUp(entry.source);
    } else {
      if (!entry.video || !(await this.around.confirm(name))) return;
      try {
        await this.api.remove(entry.video.id);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.status !== 404) return this.around.trouble(error);
      }
      this.drop(entry);
      announce(`${name} is deleted.`);
    }
    if (next) next.card.focus();
    else this.around.focusElsewhere();
  }

  /** An upload that is given up leaves no video behind. */
  private async giveUp(sending: Sending): Promise<void> {
    const videoId = await sending.cancel();
    try {
      if (videoId) await this.api.remove(videoId);
    } catch (error) {
      // The server drops uploads that never complete; nothing is lost by not reaching it now.
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** The list may have been read before it was known which of its videos an upload is for. */
  private dropTwin(entry: Entry): void {
    const id = entry.source?.videoId;
    const twin = this.entries.find((one) => one !== entry && one.video && one.video.id === id);
    if (twin) this.drop(twin);
  }

  private drop(entry: Entry): void {
    entry.poll?.stop();
    entry.preview?.forget();
    entry.card.element.remove();
    this.entries = this.entries.filter((one) => one !== entry);
    this.count();
  }

  private count(): void {
    this.around.counted(this.entries.length, this.cursor !== null);
  }
}

import type { Api, Wish } from "./api.ts";
import type { Created } from "./contract.ts";
import { Problem, problemOf, unreachable } from "./problem.ts";
import { Rate } from "./rate.ts";

/** Where an upload stands. */
export type UploadState =
  | { step: "waiting" }
  | { step: "creating" }
  | { step: "sending"; sent: number; total: number; perSecond: number | null; secondsLeft: number | null }
  | { step: "completing" }
  | { step: "done" }
  | { step: "failed"; problem: Problem }
  | { step: "cancelled" };

/**
 * One file on its way: create the video, PUT the bytes, complete.
 *
 * After a failure for a passing reason `run()` takes up the step that failed, on the same upload URL.
 * Any other failure is final: the server has judged the file or the upload.
 */
export class Upload {
  state: UploadState = { step: "waiting" };
  private created: Created | null = null;
  private sent = false;
  private request: XMLHttpRequest | null = null;

  constructor(
    private readonly api: Api,
    readonly file: File,
    private readonly wish: Wish,
    private readonly onChange: (upload: Upload) => void,
  ) {}

  /** The video's id, once the server has given one. */
  get videoId(): string | null {
    return this.created?.id ?? null;
  }

  /** Whether leaving the page now would lose bytes. */
  get underWay(): boolean {
    return ["waiting", "creating", "sending", "completing"].includes(this.state.step);
  }

  /** Resolves when the upload is done, failed or cancelled; never rejects for a reason of the server's. */
  async run(): Promise<void> {
    try {
      await this.advance();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!this.cancelled) this.move({ step: "failed", problem: error });
    }
    if (this.cancelled) await this.forget();
  }

  /** Stops sending and removes the video from the server. */
  async cancel(): Promise<void> {
    const running = this.underWay && this.state.step !== "waiting";
    this.move({ step: "cancelled" });
    this.request?.abort();
    if (!running) await this.forget(); // else run() does, once what it waits for is over
  }

  private async advance(): Promise<void> {
    if (!this.created) {
      this.move({ step: "creating" });
      this.created = await this.api.create(this.file, this.wish);
    }
    if (!this.sent && !this.cancelled) {
      await this.send(this.created);
      this.sent = true;
    }
    if (this.cancelled) return;
    this.move({ step: "completing" });
    await this.complete(this.created.id);
    if (!this.cancelled) this.move({ step: "done" });
  }

  private async complete(id: string): Promise<void> {
    try {
      await this.api.complete(id);
    } catch (error) {
      // 409 after a lost answer: the first call did its work.
      const maybeDone = error instanceof Problem && error.status === 409;
      if (!maybeDone || !["processing", "ready"].includes((await this.api.video(id)).status)) throw error;
    }
  }

  // A getter, so that the compiler does not take the state of before an await for that of after.
  private get cancelled(): boolean {
    return this.state.step === "cancelled";
  }

  private async forget(): Promise<void> {
    if (!this.created) return;
    try {
      await this.api.remove(this.created.id);
    } catch (error) {
      // The server drops uploads that never complete; nothing is lost by not reaching it now.
      if (!(error instanceof Problem)) throw error;
    }
  }

  private move(state: UploadState): void {
    this.state = state;
    this.onChange(this);
  }

  /** XMLHttpRequest, as fetch cannot tell how much of a body has gone. */
  private send(created: Created): Promise<void> {
    const rate = new Rate();
    const total = this.file.size;
    const tell = (sent: number): void => {
      rate.note(performance.now(), sent);
      const { perSecond } = rate;
      this.move({ step: "sending", sent, total, perSecond, secondsLeft: rate.secondsLeft(total) });
    };
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("PUT", created.uploadUrl);
      request.setRequestHeader("Content-Type", created.contentType);
      request.upload.onprogress = (event) => tell(event.loaded);
      request.onload = () =>
        request.status < 300 ? resolve() : reject(problemOf(request.status, request.responseText));
      request.onerror = () => reject(unreachable());
      request.onabort = () => reject(unreachable());
      tell(0);
      request.send(this.file);
    });
  }
}

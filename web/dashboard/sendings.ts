import type { UploadState } from "../uploader/state.ts";
import type { PlayheadUploader } from "../uploader/uploader.ts";
import type { Api } from "./api.ts";
import type { VideoList } from "./list.ts";
import { previewOf } from "./preview.ts";
import { Problem } from "../plain/problem.ts";
import { Sending, wishOf } from "./sending.ts";

/** Characters of a key that tell whose uploads are whose, after a restart of the browser. */
const SCOPE = 12;

/** Brings the element's uploads onto the list of videos, and keeps them in step there. */
export class Sendings {
  private readonly all = new Map<string, Sending>();
  /** Added at this moment; they go on the list together. */
  private added: Sending[] = [];
  private list: VideoList | null = null;

  constructor(private readonly uploader: PlayheadUploader) {
    uploader.addEventListener("upload-added", ({ detail }) => this.enter(detail));
    uploader.addEventListener("upload-change", ({ detail }) => this.changed(detail));
  }

  /** Whether leaving the page now would lose bytes: what is kept goes on when the page is back. */
  get atRisk(): boolean {
    return [...this.all.values()].some(({ state, underWay }) => underWay && !state.survives);
  }

  /** Sends with this key from here on; what it sent before a restart goes on. */
  begin(api: Api, key: string, list: VideoList): void {
    this.list = list;
    this.uploader.createUpload = async (file, metadata) => {
      const { id, url, video_id: videoId, content_type: contentType, expires_at: expiresAt } = await api.create(
        file,
        wishOf(metadata),
      );
      return { url, uploadId: id, videoId, contentType, expiresAt };
    };
    this.uploader.setAttribute("scope", key.slice(0, SCOPE));
    void this.judgeWith(api);
  }

  end(): void {
    this.list = null;
    this.all.clear();
    this.uploader.removeAttribute("scope");
    this.uploader.removeAttribute("preflight");
    this.uploader.createUpload = null;
  }

  /** Files are judged before they are sent, where the server can: without a key, so by a grant. */
  private async judgeWith(api: Api): Promise<void> {
    try {
      const { preflight_url: url } = await api.grant();
      this.uploader.setAttribute("preflight", url);
    } catch (error) {
      // Files are sent without; the server judges them once they are there.
      if (!(error instanceof Problem)) throw error;
    }
  }

  private enter(state: UploadState): void {
    const sending = new Sending(this.uploader, state);
    this.all.set(state.id, sending);
    this.added.push(sending);
    if (this.added.length === 1) queueMicrotask(() => void this.addAll());
  }

  private async addAll(): Promise<void> {
    const { added, list } = this;
    this.added = [];
    const files = added.map(({ state }) => this.uploader.fileOf(state.id));
    const previews = await Promise.all(files.map((file) => file && previewOf(file)));
    // Backwards, as each goes on top: the first one chosen ends up first.
    for (const [at, sending] of [...added.entries()].reverse()) {
      const { state } = sending;
      if (list !== this.list || state.step === "cancelled") continue;
      const { resolutions: wished, isPublic } = wishOf(state.metadata);
      const shown = { video: null, upload: state, preview: previews[at] ?? null, wished, isPublic };
      list?.add(sending, shown, added.length === 1 && !state.resumed);
    }
  }

  private changed(state: UploadState): void {
    const sending = this.all.get(state.id);
    if (!sending) return;
    sending.state = state;
    this.list?.changed(sending);
    if (state.step !== "done" && state.step !== "cancelled") return;
    this.all.delete(state.id);
    // From here on it is a video; the element need not remember it.
    if (state.step === "done") queueMicrotask(() => void this.uploader.cancel(state.id));
  }
}

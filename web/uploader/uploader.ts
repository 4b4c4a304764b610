import { Problem } from "../plain/problem.ts";
import { h } from "../plain/dom.ts";
import { numberOf, optionsOf, rulesOf } from "./attributes.ts";
import type { CreateUpload, Metadata } from "./contract.ts";
import { type Chosen, DropZone } from "./drop.ts";
import { eventsOf, type UploadEventName } from "./events.ts";
import { Rows } from "./rows.ts";
import { refusalOf } from "./rules.ts";
import { isOver, isUnderWay, type UploadState } from "./state.ts";
import STYLE from "./uploader.css";
import { Uploads } from "./uploads.ts";
import type { Action } from "./words.ts";

/** The detail of `files-chosen`: what was chosen, and what the page wants kept with it. */
export interface FilesChosen {
  files: readonly File[];
  metadata: Record<string, string>;
}

/** The element's events, for `addEventListener`. */
export type UploaderEventMap = Record<UploadEventName, CustomEvent<UploadState>> & {
  "files-chosen": CustomEvent<FilesChosen>;
};

declare global {
  interface HTMLElementTagNameMap {
    "playhead-uploader": PlayheadUploader;
  }
}

export interface PlayheadUploader {
  addEventListener<K extends keyof UploaderEventMap>(
    type: K,
    listener: (this: PlayheadUploader, event: UploaderEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

// Where pages are rendered on a server there is no such thing, and importing this must not fail there.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<playhead-uploader>`: takes video files by drop, dialog or `add()`, and sends them, over every interruption.
 *
 * Where to, by attribute: `endpoint` (a grant's `tus_url`), `upload-url` (one upload's own URL) or `companion`
 * (numbered parts, which may go straight to a store); or the property `createUpload`, the page's own way to make
 * an upload for each file. `docs/uploader.md` has the rest. Attributes say what is true, events what happened;
 * nothing is ever shown as sent that the server has not confirmed.
 */
export class PlayheadUploader extends Base {
  static readonly observedAttributes = [
    ...["accept", "disabled", "multiple", "max-files"],
    ...["companion", "endpoint", "upload-url", "scope"],
  ];

  private zone: DropZone | null = null;
  private rows: Rows | null = null;
  private listening: AbortController | null = null;
  private create: CreateUpload | null = null;
  private readonly work = new Uploads(
    () => this.getAttribute("scope") ?? "",
    () => optionsOf(this, this.create),
    (now, before) => this.changed(now, before),
  );

  /** All uploads as they stand, in the order they were added. */
  get uploads(): readonly UploadState[] {
    return this.work.store.all;
  }

  /** The page's own way to make an upload for each file; null for that of the attributes. */
  get createUpload(): CreateUpload | null {
    return this.create;
  }

  set createUpload(create: CreateUpload | null) {
    this.create = create;
    this.work.pump();
  }

  /** Takes files as if they were chosen. `metadata` is kept with each and goes along where the protocol can. */
  add(files: Iterable<File>, metadata: Metadata = {}): string[] {
    return [...files].map((file) => this.take({ file, handle: null }, metadata));
  }

  /** The file of an upload that is not over; null where it has to be given again. */
  fileOf(id: string): File | null {
    return this.work.fileOf(id);
  }

  pause(id: string): void {
    this.work.pause(id);
  }

  /** Goes on with what is paused, tries again what is stalled or failed, and asks for a file that has to be given again. */
  resume(id: string): void {
    const state = this.work.store.get(id);
    if (state?.step !== "asking" || state.wants !== "file") return this.work.resume(id);
    this.zone?.ask((file) => this.work.give(id, file));
  }

  /**
   * Ends an upload, here and on the server; one that is over is only taken off the list. Resolves to the id of the
   * video that it was to become, if there is one.
   */
  cancel(id: string): Promise<string | null> {
    return this.work.cancel(id);
  }

  override focus(): void {
    this.zone?.focus();
  }

  connectedCallback(): void {
    if (this.listening) return; // only moved within the page
    this.build();
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.zone?.listen(signal);
    window.addEventListener("online", () => this.work.online(), { signal });
    void this.work.restore();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected || !this.listening) return;
      this.listening.abort();
      this.listening = null;
      this.work.leave();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    this.zone?.update();
    if (name === "scope" && before !== now && this.listening) {
      // What belongs to the other scope goes on when that is back.
      this.work.leave();
      void this.work.restore();
    }
    this.work.pump();
  }

  private build(): void {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    // A constructed sheet, as a <style> element would need the page's Content-Security-Policy to allow it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.zone = new DropZone(this, (chosen) => void chosen.then((all) => this.offer(all)));
    this.rows = new Rows(
      (action, id) => this.act(action, id),
      (id) => this.work.fileOf(id),
      () => this.focus(),
    );
    this.zone.update();
    root.append(h("div", { class: "base", part: "base" }, this.zone.element, this.rows.list, this.rows.live));
  }

  private offer(chosen: Chosen[]): void {
    const all = this.hasAttribute("multiple") ? chosen : chosen.slice(0, 1);
    if (all.length === 0) return;
    const detail: FilesChosen = { files: all.map(({ file }) => file), metadata: {} };
    const event = new CustomEvent("files-chosen", { detail, bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(event)) return;
    for (const one of all) this.take(one, detail.metadata);
  }

  private take({ file, handle }: Chosen, metadata: Metadata): string {
    return this.work.add(file, handle, metadata, this.tooMany() ?? refusalOf(file, rulesOf(this)));
  }

  private tooMany(): Problem | null {
    const most = this.hasAttribute("multiple") ? numberOf(this, "max-files") : 1;
    const open = this.uploads.filter((one) => !isOver(one)).length;
    if (most === null || open < most) return null;
    const sentence = most === 1 ? "Another file is on its way." : `Up to ${most} files are taken at a time.`;
    return new Problem(400, "too_many_files", sentence, "Add this one when there is room.");
  }

  private changed(now: UploadState | null, before: UploadState | null): void {
    if (!this.hasAttribute("unlisted")) this.rows?.show(now, before);
    this.toggleAttribute("uploading", this.uploads.some(isUnderWay));
    for (const name of eventsOf(now, before)) {
      this.dispatchEvent(new CustomEvent(name, { detail: now, bubbles: true, composed: true }));
    }
  }

  private act(action: Action, id: string): void {
    if (action === "pause") this.pause(id);
    else if (action === "cancel" || action === "dismiss") void this.cancel(id);
    else this.resume(id);
  }
}

if (globalThis.customElements && !customElements.get("playhead-uploader")) {
  customElements.define("playhead-uploader", PlayheadUploader);
}

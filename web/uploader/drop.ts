import { h, mark } from "../plain/dom.ts";
import { icon } from "./icons.ts";

/** A file, and what leads to it again where the browser gave that. */
export interface Chosen {
  file: File;
  handle: FileSystemFileHandle | null;
}

/** The part of the File System Access API that has no types of its own yet. */
interface Handing {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

/** Where files are dropped or chosen. */
export class DropZone {
  readonly element: HTMLElement;
  private readonly input = h("input", { type: "file", id: "file" });
  /** Takes the one file that an interrupted upload asks for. */
  private readonly again = h("input", { type: "file", class: "unseen", tabindex: -1, "aria-label": "The same file again" });
  private depth = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly offer: (chosen: Promise<Chosen[]>) => void,
  ) {
    const heading = h("slot", { name: "heading" }, h("p", { class: "heading", part: "heading" }, "Drop a video here"));
    const choose = h("label", { for: "file", part: "choose" }, "choose a file");
    const hint = h("slot", { name: "hint" });
    this.element = h("div", { class: "drop", part: "drop" }, icon("arrow"), heading);
    this.element.append(h("p", {}, "or ", this.input, choose), hint, this.again);
    this.input.addEventListener("change", () => {
      const files = [...(this.input.files ?? [])];
      this.input.value = ""; // so that the same file can be chosen again
      this.offer(Promise.resolve(files.map((file) => ({ file, handle: null }))));
    });
  }

  /** Follows the host's attributes. */
  update(): void {
    const { host, input } = this;
    input.multiple = host.hasAttribute("multiple");
    input.disabled = host.hasAttribute("disabled");
    mark(input, "accept", host.getAttribute("accept"));
    mark(this.again, "accept", host.getAttribute("accept"));
  }

  focus(): void {
    this.input.focus();
  }

  /** Opens the browser's dialog for the one file that `take` waits for. */
  ask(take: (file: File) => void): void {
    this.again.onchange = () => {
      const file = this.again.files?.[0];
      this.again.value = "";
      if (file) take(file);
    };
    this.again.click();
  }

  /** Takes drops on the element, or anywhere on a page that says so: a near miss must not lose the page. */
  listen(signal: AbortSignal): void {
    const target: EventTarget = this.host.getAttribute("drop") === "page" ? window : this.host;
    const on = (type: string, act: (event: DragEvent) => void): void =>
      target.addEventListener(type, act as EventListener, { signal });
    on("dragenter", (event) => this.drag(event, 1));
    on("dragleave", (event) => this.drag(event, -1));
    on("dragover", (event) => this.drag(event, 0));
    on("drop", (event) => {
      const takes = this.drag(event, -this.depth);
      if (takes && event.dataTransfer) this.offer(dropped(event.dataTransfer));
    });
  }

  private drag(event: DragEvent, step: number): boolean {
    const unseen = this.host.hasAttribute("disabled") || this.host.closest("[hidden]") !== null;
    if (unseen || !event.dataTransfer?.types.includes("Files")) return false;
    event.preventDefault();
    // dragenter and dragleave come for every element passed over: only their balance tells.
    this.depth = step === 0 ? this.depth : Math.max(0, this.depth + step);
    this.host.toggleAttribute("dragging", this.depth > 0);
    return true;
  }
}

/** Files of a drop; folders are passed over. What it holds has to be asked for before anything is awaited. */
function dropped(transfer: DataTransfer): Promise<Chosen[]> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const files = items.filter((item) => !item.webkitGetAsEntry()?.isDirectory);
  return Promise.all(
    files.map(async (item): Promise<Chosen | null> => {
      const file = item.getAsFile();
      const handle = await handleOf(item as DataTransferItem & Handing);
      return file && { file, handle };
    }),
  ).then((chosen) => chosen.filter((one) => one !== null));
}

async function handleOf(item: DataTransferItem & Handing): Promise<FileSystemFileHandle | null> {
  try {
    const handle = await item.getAsFileSystemHandle?.();
    return handle?.kind === "file" ? (handle as FileSystemFileHandle) : null;
  } catch (error) {
    if (error instanceof DOMException) return null; // what comes out of another program has none
    throw error;
  }
}

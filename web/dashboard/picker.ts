import type { Wish } from "./api.ts";
import { RESOLUTIONS } from "./contract.ts";
import { byId, h } from "./dom.ts";

const USUAL = ["360p", "720p", "1080p"];

/** The form at the top: choose or drop files, and say what is to become of them. */
export class Picker {
  private readonly form = byId("add", HTMLFormElement);
  private readonly input = byId("file", HTMLInputElement);
  private readonly complaint = byId("add-complaint", HTMLElement);
  private depth = 0;

  constructor(private readonly onFiles: (files: File[], wish: Wish) => void) {
    const choices = byId("resolutions", HTMLElement);
    for (const name of RESOLUTIONS) {
      const checked = USUAL.includes(name);
      const box = h("input", { type: "checkbox", name: "resolution", value: name, checked });
      choices.append(h("label", { class: "choice" }, box, h("span", {}, name)));
    }
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => {
      if (event.target !== this.input) this.complain("");
    });
    this.input.addEventListener("change", () => {
      this.offer([...(this.input.files ?? [])]);
      this.input.value = ""; // so that the same file can be chosen again
    });
    this.listenForDrops();
  }

  focus(): void {
    this.input.focus();
  }

  /** The whole page takes drops: a near miss must not make the browser leave for the file. */
  private listenForDrops(): void {
    const drag = (event: DragEvent, step: number): void => {
      if (this.form.closest("[hidden]") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      // dragenter and dragleave come for every element passed over: only their balance tells.
      this.depth = step === 0 ? this.depth : Math.max(0, this.depth + step);
      document.body.classList.toggle("dragging", this.depth > 0);
    };
    window.addEventListener("dragenter", (event) => drag(event, 1));
    window.addEventListener("dragleave", (event) => drag(event, -1));
    window.addEventListener("dragover", (event) => drag(event, 0));
    window.addEventListener("drop", (event) => {
      drag(event, -this.depth);
      if (event.defaultPrevented) this.offer([...(event.dataTransfer?.files ?? [])]);
    });
  }

  private offer(files: File[]): void {
    const told = new FormData(this.form);
    const resolutions = RESOLUTIONS.filter((name) => told.getAll("resolution").includes(name));
    if (files.length === 0) return;
    if (resolutions.length === 0) {
      this.complain("Choose at least one resolution, then add the video again.");
      return;
    }
    this.onFiles(files, { resolutions, isPublic: told.get("visibility") === "public" });
  }

  private complain(sentence: string): void {
    this.complaint.textContent = sentence;
  }
}

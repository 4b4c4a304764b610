import { h } from "../plain/dom.ts";
import type { FilesChosen, PlayheadUploader } from "../uploader/uploader.ts";
import { RESOLUTIONS } from "./contract.ts";
import { byId } from "./dom.ts";
import { metadataOf } from "./sending.ts";

const USUAL = ["360p", "720p", "1080p"];

/** The form at the top: beside where files are dropped, what is to become of them. */
export class Picker {
  private readonly form = byId("add", HTMLFormElement);
  private readonly complaint = byId("add-complaint", HTMLElement);

  constructor(private readonly uploader: PlayheadUploader) {
    const choices = byId("resolutions", HTMLElement);
    for (const name of RESOLUTIONS) {
      const checked = USUAL.includes(name);
      const box = h("input", { type: "checkbox", name: "resolution", value: name, checked });
      choices.append(h("label", { class: "choice" }, box, h("span", {}, name)));
    }
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", () => this.complain(""));
    uploader.addEventListener("files-chosen", (event) => this.wish(event));
  }

  focus(): void {
    this.uploader.focus();
  }

  /** What is asked for goes with the files, and stays as it is when the form changes. */
  private wish(event: CustomEvent<FilesChosen>): void {
    const told = new FormData(this.form);
    const resolutions = RESOLUTIONS.filter((name) => told.getAll("resolution").includes(name));
    this.complain("");
    if (resolutions.length > 0) {
      Object.assign(event.detail.metadata, metadataOf({ resolutions, isPublic: told.get("visibility") === "public" }));
      return;
    }
    event.preventDefault();
    this.complain("Choose at least one resolution, then add the video again.");
  }

  private complain(sentence: string): void {
    this.complaint.textContent = sentence;
  }
}

import type { Resolution, Video } from "./contract.ts";
import { h, mark, say } from "../plain/dom.ts";
import { icon } from "./dom.ts";
import { Links } from "./links.ts";
import type { Preview } from "./preview.ts";
import { ProgressBar } from "../plain/progress.ts";
import { Stage } from "./stage.ts";
import type { UploadState } from "../uploader/state.ts";
import { type CardView, describe } from "./view.ts";

/** What a card shows: a video of the server's, an upload of this page's, or one that became the other. */
export interface Shown {
  video: Video | null;
  upload: UploadState | null;
  preview: Preview | null;
  /** What was asked for, until the server repeats it. */
  wished: readonly Resolution[];
  isPublic: boolean;
}

export interface CardActions {
  /** Cancels the upload or deletes the video, whichever it is by now. */
  remove: () => void;
  retry: () => void;
  pause: () => void;
  /** The card was opened: whatever it shows should be fresh. */
  opened: () => void;
}

let cards = 0;

/** One video of the list; closed, a line; open, its picture and its addresses. */
export class Card {
  readonly element: HTMLLIElement;
  private readonly picture = h("img", { alt: "", width: 96, height: 54, loading: "lazy", hidden: true });
  private readonly title: HTMLButtonElement;
  private readonly name = h("span", { class: "title" });
  private readonly line = h("p", { class: "line" });
  private readonly chip = h("span", { class: "chip" });
  private readonly bar = new ProgressBar();
  private readonly pausing = h("button", { type: "button", class: "button pausing" });
  private readonly removal = h("button", { type: "button", class: "button bare" });
  private readonly body: HTMLElement;
  private inside: { stage: Stage; links: Links } | null = null;
  private shown: Shown | null = null;
  private isOpen = false;

  constructor(private readonly actions: CardActions) {
    cards += 1;
    this.body = h("div", { class: "body", id: `card-${cards}`, hidden: true });
    this.title = h("button", { type: "button", class: "opener", "aria-expanded": "false" }, this.name);
    this.title.setAttribute("aria-controls", this.body.id);
    this.title.addEventListener("click", () => this.open(!this.isOpen));
    this.removal.addEventListener("click", () => this.actions.remove());
    this.pausing.addEventListener("click", () => {
      if (this.shown?.upload?.step === "paused") this.actions.retry();
      else this.actions.pause();
    });
    const thumb = h("div", { class: "thumb" }, icon("film"), this.picture, this.pausing);
    const words = h("div", { class: "words" }, h("h3", {}, this.title), this.line);
    const head = h("div", { class: "head" }, thumb, words, this.chip, this.removal);
    this.element = h("li", { class: "card" }, head, this.bar.element, this.body);
  }

  update(shown: Shown): void {
    this.shown = shown;
    const view = describe(shown.video, shown.upload, Date.now());
    say(this.name, view.title);
    say(this.line, view.line);
    say(this.chip, view.chip.text);
    this.chip.dataset["tone"] = view.chip.tone;
    const { label, fraction } = view.progress ?? { label: "Progress", fraction: null };
    this.bar.update(`${label} of ${view.title}`, fraction);
    this.updateRemoval(view);
    this.updatePausing(view);
    const poster = shown.video?.poster_url ?? null;
    // The first address stays: a private video's is new each time, and the picture the same.
    if (poster && !this.picture.hasAttribute("src")) this.picture.src = poster;
    this.picture.hidden = !poster;
    if (this.isOpen) this.fill(view);
  }

  /** Opens or closes the card. */
  open(wanted: boolean): void {
    if (wanted === this.isOpen) return;
    this.isOpen = wanted;
    this.body.hidden = !wanted;
    mark(this.title, "aria-expanded", String(wanted));
    if (!wanted) {
      this.inside?.stage.clear();
      return;
    }
    if (this.shown) this.update(this.shown);
    this.actions.opened();
  }

  focus(): void {
    this.title.focus();
  }

  private updateRemoval(view: CardView): void {
    const step = this.shown?.upload?.step;
    const sending = step && !["done", "failed", "refused"].includes(step);
    const word = sending ? "Cancel the upload of" : "Delete";
    mark(this.removal, "aria-label", `${word} ${view.title}`);
    mark(this.removal, "title", sending ? "Cancel" : "Delete");
    const drawn = sending ? "cross" : "bin";
    if (this.removal.dataset["drawn"] === drawn) return;
    this.removal.dataset["drawn"] = drawn;
    this.removal.replaceChildren(icon(drawn));
  }

  private updatePausing(view: CardView): void {
    const step = this.shown?.upload?.step ?? "done";
    const isPaused = step === "paused";
    this.pausing.hidden = !isPaused && !["waiting", "opening", "sending"].includes(step);
    const drawn = isPaused ? "play" : "pause";
    mark(this.pausing, "aria-label", `${isPaused ? "Go on with" : "Pause"} the upload of ${view.title}`);
    mark(this.pausing, "title", isPaused ? "Go on" : "Pause");
    if (this.pausing.dataset["drawn"] === drawn) return;
    this.pausing.dataset["drawn"] = drawn;
    this.pausing.replaceChildren(icon(drawn));
  }

  private fill(view: CardView): void {
    const { shown } = this;
    if (!shown) return;
    if (!this.inside) {
      this.inside = { stage: new Stage(shown.preview), links: new Links(shown.isPublic) };
      this.body.append(this.inside.stage.element, this.inside.links.element);
    }
    this.inside.stage.show(shown.video, view.problem, view.canRetry ? this.actions.retry : null);
    this.inside.links.update(shown.video, shown.wished);
    // Of what failed as a whole there is nothing to link to; why it failed stands above.
    const something = shown.video?.renditions.some((rendition) => rendition.video_url) ?? false;
    this.inside.links.element.hidden = view.problem !== null && !something;
  }
}

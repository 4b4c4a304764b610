import type { Rendition, Resolution, Video } from "./contract.ts";
import { h, mark, say } from "../plain/dom.ts";
import { announce, icon } from "./dom.ts";
import { ProgressBar } from "../plain/progress.ts";
import { describeRendition, inOrder } from "./view.ts";

/** How long a copy button says so, in milliseconds. */
const SAID = 1600;

/** A named address with its button; before there is one, the progress towards it, in the same space. */
class LinkRow {
  private readonly facts = h("span", { class: "facts" });
  private readonly bar = new ProgressBar();
  // In two parts, so that a long address loses its middle and not the end that tells it from the others.
  private readonly front = h("span", { class: "front" });
  private readonly end = h("span", { class: "end" });
  private readonly address = h("a", { class: "address", target: "_blank", rel: "noreferrer" });
  private readonly note = h("p", { class: "note" });
  private readonly word = h("span", {}, "Copy");
  private readonly copy = h("button", { type: "button", class: "button" }, icon("copy"), this.word);
  readonly element: HTMLLIElement;

  constructor(
    private readonly name: string,
    private readonly what: string,
  ) {
    this.address.append(this.front, this.end);
    this.address.title = `Open the ${what} in a new tab`;
    this.copy.setAttribute("aria-label", `Copy the address of the ${what}`);
    this.copy.addEventListener("click", () => void this.copyAddress());
    const title = h("div", { class: "name" }, h("strong", {}, name), this.facts);
    const middle = h("div", { class: "middle" }, this.bar.element, this.address, this.note);
    this.element = h("li", { class: "link" }, title, middle, this.copy);
  }

  /** `fraction` is of the work under way, 0 to 1, or null; it shows only while there is no `url`. */
  update(facts: string, url: string | null, fraction: number | null, note: string): void {
    say(this.facts, facts);
    say(this.note, note);
    this.element.classList.toggle("there", url !== null);
    this.bar.update(`Processing ${this.name}`, url === null ? fraction : null);
    this.copy.disabled = url === null;
    if (url === null) return;
    const absolute = new URL(url, location.href).href;
    const cut = absolute.lastIndexOf("/");
    mark(this.address, "href", absolute);
    say(this.front, absolute.slice(0, cut));
    say(this.end, absolute.slice(cut));
  }

  private async copyAddress(): Promise<void> {
    await copyText(this.address.href);
    announce(`Copied the address of the ${this.what}.`);
    say(this.word, "Copied");
    window.setTimeout(() => say(this.word, "Copy"), SAID);
  }
}

async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  // Plain http from another machine has no clipboard API.
  const field = h("textarea", { class: "unseen", readonly: true }, text);
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return undefined;
}

/** Every address of a video: the page that plays it, its streams, one MP4 for each rendition, the poster. */
export class Links {
  readonly element = h("div", { class: "links" });
  private readonly list = h("ul", {});
  private rows = new Map<string, LinkRow>();

  constructor(isPublic: boolean) {
    this.element.append(this.list);
    if (!isPublic) {
      const words = "This video is private: its addresses carry a token and stop working after a while.";
      this.element.append(h("p", { class: "aside" }, words));
    }
  }

  /** `wished` stands in for the renditions until the server has named them. */
  update(video: Video | null, wished: readonly Resolution[]): void {
    const known = video?.renditions ?? wished.map((resolution) => ({ resolution }));
    const sizes = inOrder(known).map((rendition) => rendition.resolution);
    this.settle(["Player", "HLS", "DASH", ...sizes, "Poster"]);
    for (const { resolution } of known) {
      const rendition = video?.renditions.find((one) => one.resolution === resolution) ?? null;
      this.updateRendition(resolution, rendition, video?.status === "fail");
    }
    const none = video?.status === "fail" ? "Not made" : "Not made yet";
    const hls = video?.hls_url ?? null;
    const rows: [string, string, string | null][] = [
      ["Player", "For an iframe", hls && (video?.embed_url ?? null)],
      ["HLS", "Adaptive, for players", hls],
      ["DASH", "Adaptive, for players", video?.dash_url ?? null],
      ["Poster", "JPEG", video?.poster_url ?? null],
    ];
    for (const [name, facts, url] of rows) this.rows.get(name)?.update(url ? facts : none, url, null, "");
  }

  private updateRendition(resolution: Resolution, rendition: Rendition | null, failed: boolean): void {
    const view = describeRendition(rendition);
    const row = this.rows.get(resolution);
    if (failed && !view.url) return row?.update("Not made", null, null, "");
    const trouble = view.problem ? `${view.problem.sentence} ${view.problem.remedy}` : "";
    return row?.update(view.facts, view.url, view.fraction, trouble || view.note);
  }

  /** Makes the rows be those of `names`, in that order, moving none that is in place. */
  private settle(names: string[]): void {
    if ([...this.rows.keys()].join() === names.join()) return;
    const old = this.rows;
    const make = (name: string): LinkRow => new LinkRow(name, WHAT[name] ?? `${name} MP4`);
    this.rows = new Map(names.map((name) => [name, old.get(name) ?? make(name)]));
    this.list.replaceChildren(...[...this.rows.values()].map((row) => row.element));
  }
}

const WHAT: Record<string, string> = {
  Player: "player page",
  HLS: "HLS playlist",
  DASH: "DASH manifest",
  Poster: "poster",
};

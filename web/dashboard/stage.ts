import "../player/player.ts";
import type { Rendition, Video } from "./contract.ts";
import { h } from "./dom.ts";
import { notice } from "./notice.ts";
import type { Preview } from "./preview.ts";
import type { Problem } from "./problem.ts";
import { renditionFor } from "./view.ts";

/**
 * The picture of an open card: the chosen file's first frame, then the poster, then the player; or
 * what went wrong. Its shape is settled once, before anything is shown, and never moves the page.
 */
export class Stage {
  readonly element = h("div", { class: "stage" });
  private showing = "";
  private shaped = false;

  constructor(private readonly preview: Preview | null) {}

  show(video: Video | null, problem: Problem | null, retry: (() => void) | null): void {
    this.shape(video);
    const playable = video ? renditionFor(video, this.pixels()) : null;
    if (problem) {
      this.put(`problem ${problem.code} ${retry !== null}`, () => notice(problem, retry));
    } else if (video && playable && !this.inUse()) {
      this.put(`player ${playable.id}`, () => this.player(video, playable));
    } else if (video?.poster_url && !playable) {
      const { poster_url: src } = video;
      this.put("poster", () => h("img", { src, alt: "" }));
    } else if (this.preview && !playable) {
      const { url } = this.preview;
      // A moment in, as many first frames are black.
      const silent = { muted: true, preload: "metadata", "aria-hidden": "true" };
      this.put("preview", () => h("video", { src: `${url}#t=0.1`, ...silent }));
    } else if (!playable) {
      this.put("nothing", () => h("p", { class: "quiet" }, "The picture appears here."));
    }
  }

  /** Takes the player out, so that nothing plays on in a closed card. */
  clear(): void {
    this.showing = "";
    this.element.replaceChildren();
  }

  private put(what: string, make: () => HTMLElement): void {
    if (this.showing === what) return;
    this.showing = what;
    const made = make();
    this.element.replaceChildren(made);
    this.element.classList.toggle("bad", what.startsWith("problem"));
    if (what.startsWith("problem")) made.setAttribute("role", "alert");
  }

  private player(video: Video, rendition: Rendition): HTMLElement {
    const media = h(
      "video",
      {
        controls: true,
        playsinline: true,
        preload: "none",
        "aria-label": video.filename,
        width: rendition.width ?? 16,
        height: rendition.height ?? 9,
        poster: video.poster_url ?? false,
      },
      h("source", { src: rendition.video_url ?? "", type: "video/mp4" }),
    );
    return h("playhead-player", {}, media);
  }

  /** Whether someone is watching: their player is not taken away for a sharper one. */
  private inUse(): boolean {
    const media = this.showing.startsWith("player") ? this.element.querySelector("video") : null;
    return media !== null && (!media.paused || media.currentTime > 0);
  }

  private shape(video: Video | null): void {
    if (this.shaped) return;
    const { width, height } = this.preview ?? video?.source ?? { width: 16, height: 9 };
    this.element.style.setProperty("--ratio", `${width} / ${height}`);
    this.shaped = true;
  }

  private pixels(): number {
    return (this.element.clientWidth || 640) * window.devicePixelRatio;
  }
}

import "../player/player.ts";
import type { Video } from "./contract.ts";
import { h } from "../plain/dom.ts";
import { notice } from "./notice.ts";
import type { Preview } from "./preview.ts";
import type { Problem } from "../plain/problem.ts";
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
    if (problem) {
      this.put(`problem ${problem.code} ${retry !== null}`, () => notice(problem, retry));
    } else if (video?.hls_url) {
      const { hls_url: hls } = video;
      this.put("player", () => this.player(video, hls));
      this.complete(video);
    } else if (video?.poster_url) {
      const { poster_url: src } = video;
      this.put("poster", () => h("img", { src, alt: "" }));
    } else if (this.preview) {
      const { url } = this.preview;
      // A moment in, as many first frames are black.
      const silent = { muted: true, preload: "metadata", "aria-hidden": "true" };
      this.put("preview", () => h("video", { src: `${url}#t=0.1`, ...silent }));
    } else {
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

  private player(video: Video, hls: string): HTMLElement {
    // Of sound alone, and before anything is known, the shape of most screens.
    const [width, height] = [video.source?.width ?? 16, video.source?.height ?? 9];
    const file = renditionFor(video, this.pixels())?.video_url;
    const media = h(
      "video",
      {
        controls: true,
        playsinline: true,
        // Without a poster the first frame has to come from the video itself.
        preload: video.poster_url ? "none" : "metadata",
        poster: video.poster_url ?? false,
        "aria-label": video.filename,
        width,
        height,
      },
      file ? h("source", { src: file, type: "video/mp4" }) : h("source", { src: hls }),
    );
    return h("playhead-player", { hls, growing: video.status !== "ready" }, media);
  }

  /** Gives the player what was not there yet when it was made. What is there stays: addresses change. */
  private complete(video: Video): void {
    const player = this.element.querySelector("playhead-player");
    const media = player?.video;
    if (!player || !media) return;
    if (video.poster_url && !media.poster) media.poster = video.poster_url;
    const file = renditionFor(video, this.pixels())?.video_url;
    if (file && !media.querySelector("[type='video/mp4']")) {
      media.append(h("source", { src: file, type: "video/mp4" }));
    }
    player.toggleAttribute("growing", video.status !== "ready");
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

import type { Engine } from "./engine.ts";
import { Overlay } from "./overlay.ts";
import { resume } from "./resume.ts";
import { PREPARING, sentenceFor } from "./sentences.ts";
import { type Way, wayOf } from "./way.ts";

declare global {
  interface HTMLElementTagNameMap {
    "playhead-player": PlayheadPlayer;
  }
  interface Navigator {
    /** The Network Information API, where the browser has it. */
    readonly connection?: { readonly saveData?: boolean };
  }
  /** The site path of the built engine; the build puts it in. */
  const ENGINE_PATH: string;
}

/** Milliseconds a viewer waits before being told what for. */
const WORDLESS = 1000;
/** Milliseconds for which a playlist that grows is not looked at again. */
const FRESH = 1500;
const NATIVE_TYPE = "application/vnd.apple.mpegurl";

let fetched: Promise<typeof import("./engine.ts")> | null = null;

/** The engine's code, fetched once, from the site this script is from. */
function fetchEngine(): Promise<typeof import("./engine.ts")> {
  // By its site path, as this script stands at /player.js and under /assets.
  fetched ??= import(new URL(ENGINE_PATH, import.meta.url).href) as Promise<typeof import("./engine.ts")>;
  // A failure is not kept: the next attempt asks again.
  fetched.catch(() => (fetched = null));
  return fetched;
}

/**
 * `<playhead-player>` around a `<video>` that stays in the page's own markup, and so paints its poster
 * with the page, keeps its place by its `width` and `height`, and plays its MP4 without this script.
 * Where there is no MP4 yet, its `<source>` should be the playlist, without a type: some browsers play
 * it by themselves, and in all there is a button to press.
 *
 * With the script, the HLS playlist that the attribute `hls` names is played instead: by hls.js, which
 * is fetched when the video comes into view or someone means to play, or by a browser without media
 * sources itself. Should that fail, the MP4 is played from the same place. The attribute `growing`
 * says that renditions may be added to the playlist: it is looked at again before the next play.
 *
 * `preload="none"` is lifted as soon as someone means to play, so that the first frame is near when
 * they do (never under Save-Data); a video that cannot be played says why, in the part `trouble`, with
 * a button to try again; and one whose first pictures are still being made says so in the part `wait`.
 * Give the element a `display` of `block` in the page's own style, lest the page move when the script
 * arrives.
 */
export class PlayheadPlayer extends HTMLElement {
  static readonly observedAttributes = ["growing"];

  private overlay: Overlay | null = null;
  private listening = new AbortController();
  private way: Way = "file";
  private engine: Promise<Engine | null> | null = null;
  /** The `<video>`'s `src` once it is meant to be played, waiting for the engine if need be. */
  private held: MediaSource | null = null;
  /** Those of the page's markup, as engines may remove them. */
  private files = new Set<HTMLSourceElement>();
  /** Whether the engine's playlist may be out of date. */
  private isBehind = false;
  /** When the playlist was asked for, by `performance.now()`. */
  private loaded = 0;
  private wasDelayed = false;
  private timer: number | undefined;

  /** The `<video>` inside. */
  get video(): HTMLVideoElement | null {
    return this.querySelector("video");
  }

  connectedCallback(): void {
    this.overlay ??= new Overlay(this);
    this.listening = new AbortController();
    const { signal } = this.listening;
    for (const intent of ["pointerover", "pointerdown", "focusin"]) {
      this.addEventListener(intent, () => this.warm(), { signal, passive: true });
    }
    // Media events do not bubble, but they do pass through here on their way down.
    const on = (type: string, act: () => void): void =>
      this.addEventListener(type, act, { signal, capture: true });
    on("error", () => this.explain());
    on("loadeddata", () => this.overlay?.settle());
    on("play", () => this.begin());
    on("waiting", () => this.expect());
    for (const type of ["playing", "pause", "emptied"]) on(type, () => this.expectNothing());
    this.prepare();
  }

  disconnectedCallback(): void {
    this.listening.abort();
    this.expectNothing();
    this.release();
  }

  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    if (before === null || now !== null || !this.engine || !this.isBehind) return;
    const { video } = this;
    // What is being watched goes on undisturbed until it is paused.
    if (video?.paused && video.currentTime === 0) this.catchUp();
  }

  private get isSaving(): boolean {
    return navigator.connection?.saveData ?? false;
  }

  private prepare(): void {
    const { video } = this;
    const url = this.getAttribute("hls");
    this.way = "file";
    // Someone may have pressed play before this script came: theirs goes on.
    if (!url || !video?.paused) return;
    this.note(video);
    this.way = wayOf(window, video.canPlayType(NATIVE_TYPE) !== "");
    if (this.way === "native" && this.files.size > 0) {
      const source = document.createElement("source");
      source.src = url;
      source.type = NATIVE_TYPE;
      // In front of the files, which remain what is tried next.
      video.prepend(source);
      video.load();
    }
    if (this.way === "source") {
      // A page's script that plays gets the promise of what it will see. The controls' button, which
      // does not come through here, is reached for first, and that is noticed.
      video.play = () => {
        this.start();
        return HTMLMediaElement.prototype.play.call(video);
      };
    }
    if (this.way === "source" || this.way === "managed") this.fetchInView();
    if (video.preload !== "none" || video.autoplay) this.warm();
  }

  private fetchInView(): void {
    if (this.isSaving) return;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      // Only the code. Should it fail, the one who presses play is told.
      void fetchEngine().catch(() => undefined);
      // Without a source there is nothing to press, and this kind takes no empty one.
      if (this.way === "managed" && this.files.size === 0) this.start();
    });
    seen.observe(this);
    this.listening.signal.addEventListener("abort", () => seen.disconnect());
  }

  private warm(): void {
    const { video } = this;
    if (!video || this.isSaving) return;
    // First the engine's source, lest a file begin to load.
    this.start();
    if (video.preload === "none") video.preload = "metadata";
  }

  /** Has the engine load the first moments, if it is wanted and not yet at it. */
  private start(): void {
    const { video } = this;
    if (this.engine || !video || !isEngines(this.way)) return;
    if (this.way === "source") {
      this.held = new MediaSource();
      video.src = URL.createObjectURL(this.held);
    }
    this.engine = this.makeEngine();
  }

  private async makeEngine(): Promise<Engine | null> {
    const { signal } = this.listening;
    const [{ video }, url] = [this, this.getAttribute("hls")];
    try {
      const { Engine } = await fetchEngine();
      if (signal.aborted || !video || !url) return null;
      this.isBehind = this.hasAttribute("growing");
      this.loaded = performance.now();
      return new Engine(video, url, this.held, this.isSaving, {
        delayed: () => (this.wasDelayed = true),
        failed: (wasPlaying) => this.fallBack(wasPlaying),
      });
    } catch (error) {
      // What a script that cannot be loaded is told by.
      if (!(error instanceof TypeError)) throw error;
      if (!signal.aborted) this.fallBack(!video?.paused);
      return null;
    }
  }

  private begin(): void {
    const { video } = this;
    const wasThere = this.engine !== null;
    // On an iPhone a file that plays already is left to.
    if (!wasThere && this.way === "managed" && this.files.size > 0) this.way = "file";
    this.start();
    void this.engine?.then((engine) => engine?.play());
    if (wasThere && this.isBehind && performance.now() - this.loaded > FRESH) this.catchUp();
    // The new source has put an end to what had just begun.
    if (!wasThere && video?.paused && this.held) resume(video);
  }

  private catchUp(): void {
    this.loaded = performance.now();
    this.isBehind = this.hasAttribute("growing");
    void this.engine?.then((engine) => engine?.refresh());
  }

  /** Plays the files of the markup instead, from the same place; where there are none, says so. */
  private fallBack(wasPlaying: boolean): void {
    const { video } = this;
    if (!video) return;
    const { currentTime } = video;
    this.note(video);
    this.release();
    this.way = "file";
    if (this.files.size === 0) {
      this.complain(sentenceFor(0));
      return;
    }
    video.prepend(...this.files);
    video.preload = "metadata";
    video.load();
    // Kept by the element until it knows how long the video is.
    if (currentTime > 0) video.currentTime = currentTime;
    if (wasPlaying) resume(video);
  }

  /** Lets go of the engine and its source. */
  private release(): void {
    void this.engine?.then((engine) => engine?.destroy());
    this.engine = this.held = null;
    const { video } = this;
    if (!video || this.way === "file") return;
    Reflect.deleteProperty(video, "play");
    video.removeAttribute("src");
    for (const source of video.querySelectorAll("source")) if (!this.files.has(source)) source.remove();
  }

  /** Notes the files of the markup: all sources but the playlist and what engines put there. */
  private note(video: HTMLVideoElement): void {
    for (const source of video.querySelectorAll("source")) {
      const isFile = source.getAttribute("src") !== this.getAttribute("hls") && !source.src.startsWith("blob:");
      if (isFile) this.files.add(source);
    }
  }

  private explain(): void {
    const { video } = this;
    // The engine judges for itself, and a failing <source> is no failure while another is left to try.
    const exhausted = video?.error || video?.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
    if (!video || !exhausted || isEngines(this.way)) return;
    if (this.way === "native" && video.error) this.fallBack(!video.paused);
    else this.complain(sentenceFor(video.error?.code ?? 0));
  }

  private complain(sentence: string): void {
    this.expectNothing();
    this.overlay?.complain(sentence, () => this.retry());
  }

  private retry(): void {
    const { video } = this;
    if (!video) return;
    this.overlay?.settle();
    this.prepare();
    video.preload = "metadata"; // else load() under "none" would show nothing, not even the next failure
    if (isEngines(this.way)) this.start();
    else video.load();
    video.focus();
  }

  private expect(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.wasDelayed || this.hasAttribute("growing")) this.overlay?.wait(PREPARING);
    }, WORDLESS);
  }

  private expectNothing(): void {
    window.clearTimeout(this.timer);
    this.overlay?.wait("");
  }
}

function isEngines(way: Way): boolean {
  return way === "source" || way === "managed";
}

if (!customElements.get("playhead-player")) customElements.define("playhead-player", PlayheadPlayer);

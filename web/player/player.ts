import { sentenceFor } from "./sentences.ts";

declare global {
  interface HTMLElementTagNameMap {
    "playhead-player": PlayheadPlayer;
  }
  interface Navigator {
    /** The Network Information API, where the browser has it. */
    readonly connection?: { readonly saveData?: boolean };
  }
}

const STYLE = `
:host { display: block; position: relative; }
.trouble {
  position: absolute; inset: 0; display: flex; flex-direction: column; gap: 1em;
  align-items: center; justify-content: center; box-sizing: border-box; padding: 1em;
  background: #111113; color: #ededec; font: 1em/1.5 ui-sans-serif, system-ui, sans-serif; text-align: center;
}
.trouble[hidden] { display: none; }
p { margin: 0; max-width: 34em; }
button {
  padding: .5em 1em; border: 1px solid #8a8a90; border-radius: 8px;
  background: none; color: inherit; font: inherit; cursor: pointer;
}
button:hover { background: #2a2a2e; }
button:focus-visible { outline: 2px solid #8aa9ff; outline-offset: 2px; }
`;

/**
 * `<playhead-player>` around a `<video>` that stays in the page's own markup, and so plays without
 * this script, paints its poster with the page, and keeps its place by its `width` and `height`.
 *
 * With the script: `preload="none"` is lifted as soon as someone means to play, so that the first
 * frame is near when they do (never under Save-Data); and a video that cannot be played says why, with
 * a button to try again. The message is the part `trouble`. Give the element a `display` of `block` in
 * the page's own style, lest the page move when the script arrives.
 */
export class PlayheadPlayer extends HTMLElement {
  private trouble: HTMLElement | null = null;
  private listening: AbortController | null = null;

  /** The `<video>` inside. */
  get video(): HTMLVideoElement | null {
    return this.querySelector("video");
  }

  connectedCallback(): void {
    if (!this.shadowRoot) this.furnish();
    this.listening = new AbortController();
    const { signal } = this.listening;
    for (const intent of ["pointerover", "pointerdown", "focusin"]) {
      this.addEventListener(intent, () => this.warm(), { signal, passive: true });
    }
    // Media events do not bubble, but they do pass through here on their way down.
    this.addEventListener("error", () => this.explain(), { signal, capture: true });
    this.addEventListener("loadeddata", () => this.settle(), { signal, capture: true });
  }

  disconnectedCallback(): void {
    this.listening?.abort();
  }

  private warm(): void {
    const { video } = this;
    if (video?.preload === "none" && !navigator.connection?.saveData) video.preload = "metadata";
  }

  private explain(): void {
    const { video, trouble } = this;
    // A failing <source> is no failure of the video while another is left to try.
    const exhausted = video?.error || video?.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
    if (!video || !trouble || !exhausted) return;
    const sentence = document.createElement("p");
    sentence.textContent = sentenceFor(video.error?.code ?? 0);
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.addEventListener("click", () => this.retry());
    trouble.replaceChildren(sentence, again);
    trouble.hidden = false;
  }

  private retry(): void {
    const { video } = this;
    if (!video) return;
    this.settle();
    video.preload = "metadata"; // else load() under "none" would show nothing, not even the next failure
    video.load();
    video.focus();
  }

  private settle(): void {
    if (this.trouble) this.trouble.hidden = true;
  }

  private furnish(): void {
    const root = this.attachShadow({ mode: "open" });
    // A constructed sheet, as a <style> element would need the page's Content-Security-Policy to allow it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.trouble = document.createElement("div");
    this.trouble.className = "trouble";
    this.trouble.hidden = true;
    this.trouble.setAttribute("role", "alert");
    this.trouble.setAttribute("part", "trouble");
    root.append(document.createElement("slot"), this.trouble);
  }
}

if (!customElements.get("playhead-player")) customElements.define("playhead-player", PlayheadPlayer);

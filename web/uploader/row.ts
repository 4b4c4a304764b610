import { h, mark, say } from "../plain/dom.ts";
import { ProgressBar } from "../plain/progress.ts";
import { type IconName, icon } from "./icons.ts";
import type { UploadState } from "./state.ts";
import { type Action, describe, label, title } from "./words.ts";

const ICONS: Record<Action, IconName> = {
  pause: "pause",
  resume: "play",
  retry: "again",
  permit: "play",
  choose: "folder",
  cancel: "cross",
  dismiss: "cross",
};
/** What ends an upload has its place at the end, whatever stands before it. */
const ENDS: readonly Action[] = ["cancel", "dismiss"];

/** One upload in the list. Everything that may appear in it has its place from the start. */
export class Row {
  readonly element: HTMLLIElement;
  private readonly thumb = h("div", { class: "thumb", part: "thumb" }, icon("film"));
  private readonly name = h("p", { class: "name", part: "name" });
  private readonly share = h("span", { class: "share", part: "share" });
  private readonly line = h("span", { class: "line", part: "line" });
  private readonly detail = h("span", { class: "detail", part: "detail" });
  private readonly bar = new ProgressBar();
  private readonly buttons: readonly HTMLButtonElement[];

  constructor(private readonly act: (action: Action) => void) {
    this.buttons = [0, 1].map(() => h("button", { type: "button", class: "button", part: "button" }));
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.act(button.dataset["action"] as Action));
    }
    this.bar.element.setAttribute("part", "bar");
    const top = h("div", { class: "top" }, this.name, this.share);
    const words = h("p", { class: "words" }, this.line, " ", this.detail);
    const buttons = h("div", { class: "buttons" }, ...this.buttons);
    const head = h("div", { class: "head" }, this.thumb, top, words, buttons);
    this.element = h("li", { class: "row", part: "row" }, head, this.bar.element);
  }

  update(state: UploadState): void {
    const view = describe(state);
    this.element.dataset["tone"] = view.tone;
    this.element.dataset["step"] = state.step;
    say(this.name, state.name);
    mark(this.name, "title", state.name);
    this.updateShare(view.share, state.step === "done");
    say(this.line, view.line);
    if (view.docsUrl) this.explain(view.detail, view.docsUrl);
    else say(this.detail, view.detail);
    this.bar.update(`Upload of ${state.name}`, view.fraction);
    const end = view.actions.find((action) => ENDS.includes(action)) ?? null;
    const other = view.actions.find((action) => !ENDS.includes(action)) ?? null;
    for (const [index, action] of [other, end].entries()) this.updateButton(index, action, state.name);
  }

  /** Shows a picture of the file. */
  picture(drawn: HTMLCanvasElement): void {
    this.thumb.append(drawn);
  }

  focus(): void {
    const shown = this.buttons.filter((button) => button.dataset["action"]);
    (shown[0] ?? this.buttons[1])?.focus();
  }

  private updateShare(text: string, isDone: boolean): void {
    if (isDone && !this.share.firstElementChild) this.share.replaceChildren(icon("check"));
    else if (!isDone) say(this.share, text);
  }

  private explain(detail: string, href: string): void {
    const text = detail ? `${detail} ` : "";
    if (this.detail.querySelector("a")?.href === href && this.detail.firstChild?.textContent === text) return;
    const link = h("a", { href, target: "_blank", rel: "noreferrer" }, "Read more");
    this.detail.replaceChildren(text, link);
  }

  private updateButton(index: number, action: Action | null, name: string): void {
    const button = this.buttons[index];
    if (!button) return;
    const before = button.dataset["action"] ?? null;
    if (action) {
      mark(button, "aria-label", label(action, name));
      mark(button, "title", title(action));
    }
    if (before === action) return;
    // Its place stays, unseen and out of the way of the keyboard.
    button.disabled = action === null;
    mark(button, "data-action", action);
    if (action) button.replaceChildren(icon(ICONS[action]));
  }
}

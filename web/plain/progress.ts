import { h, mark } from "./dom.ts";
import { percent } from "./words.ts";

/** A progress bar that keeps its place while there is nothing to show. */
export class ProgressBar {
  private readonly fill = h("span", { class: "fill" });
  readonly element = h("div", { class: "bar" }, this.fill);

  /** `fraction` is 0 to 1; null hides the bar. */
  update(label: string, fraction: number | null): void {
    this.element.classList.toggle("idle", fraction === null);
    const shown = fraction !== null;
    mark(this.element, "role", shown ? "progressbar" : null);
    mark(this.element, "aria-label", shown ? label : null);
    mark(this.element, "aria-valuemin", shown ? "0" : null);
    mark(this.element, "aria-valuemax", shown ? "100" : null);
    mark(this.element, "aria-valuenow", shown ? percent(fraction).slice(0, -1) : null);
    // Through the CSSOM, which style-src 'self' allows; a scaled bar costs no layout.
    this.fill.style.transform = `scaleX(${Math.max(0, Math.min(1, fraction ?? 1))})`;
  }
}

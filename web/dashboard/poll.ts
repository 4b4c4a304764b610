import { Problem } from "../plain/problem.ts";

/** What a step of a poll found. `over` ends it. */
export type Found = "changed" | "same" | "over";

export interface Pace {
  /** Milliseconds between steps while things change. */
  quick: number;
  /** The most it slows down to while nothing does. */
  slow: number;
}

/** The next pause in milliseconds: quick after a change, half as long again after each step without. */
export function nextPause(previous: number, changed: boolean, pace: Pace): number {
  return changed ? pace.quick : Math.min(pace.slow, previous * 1.5);
}

/** Asks again and again, one question at a time, and not at all while the page is out of sight. */
export class Poll {
  private timer: number | undefined;
  private pause: number;
  private running = false;

  constructor(
    private readonly step: () => Promise<Found>,
    private readonly pace: Pace,
    private readonly onProblem: (problem: Problem) => void,
  ) {
    this.pause = pace.quick;
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /** Asks now, and from then on. */
  start(): void {
    this.pause = this.pace.quick;
    this.running = true;
    void this.ask();
  }

  stop(): void {
    this.running = false;
    window.clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
  }

  private readonly onVisibility = (): void => {
    window.clearTimeout(this.timer);
    if (this.running && !document.hidden) void this.ask();
  };

  private async ask(): Promise<void> {
    let found: Found = "same";
    try {
      found = await this.step();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.onProblem(error);
    }
    if (found === "over") this.stop();
    if (!this.running || document.hidden) return;
    this.pause = nextPause(this.pause, found === "changed", this.pace);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), this.pause);
  }
}

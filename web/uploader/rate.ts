/** How fast bytes go, over a short sliding window, so that the figure is both calm and honest. */
export class Rate {
  private readonly marks: { at: number; bytes: number }[] = [];

  /** `window` in milliseconds. */
  constructor(private readonly window = 4000) {}

  /** Notes that `bytes` in all had gone by the time `at`, in milliseconds of any one clock. */
  note(at: number, bytes: number): void {
    this.marks.push({ at, bytes });
    // The mark before the window's edge stays: without it a slow upload would have no span to measure.
    while (this.marks.length > 2 && (this.marks[1]?.at ?? at) <= at - this.window) this.marks.shift();
  }

  /** Bytes a second, or null while there is too little to tell. */
  get perSecond(): number | null {
    const first = this.marks[0];
    const last = this.marks.at(-1);
    if (!first || !last || last.at - first.at < 250) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  /** Seconds until `total` bytes have gone, or null while there is no telling. */
  secondsLeft(total: number): number | null {
    const rate = this.perSecond;
    const sent = this.marks.at(-1)?.bytes;
    if (!rate || sent === undefined) return null;
    return Math.max(0, total - sent) / rate;
  }
}

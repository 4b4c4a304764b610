import { boxesOf, JUDGED, judgedRanges, readerOf } from "./boxes.ts";
import type { Range } from "./boxes.ts";
import type { Metadata, Verdict } from "./contract.ts";
import { ask, Stopped } from "./http.ts";
import { Problem } from "../plain/problem.ts";

/** How often a server may ask for more of a file. */
const ROUNDS = 4;

/**
 * Asks the server what it would make of a file, by its head (and its index, where that comes last) alone; and with
 * the ranges that it wants besides, as long as these are few. Null where there is no telling: a server without
 * preflight, or out of reach, keeps nobody from sending.
 */
export async function preflight(
  url: string,
  file: File,
  metadata: Metadata,
  signal: AbortSignal,
): Promise<Verdict | null> {
  const form = new FormData();
  form.set("filename", file.name);
  form.set("size", String(file.size));
  // What is asked for settles what would be made; a page names it as tus does.
  if (metadata["resolutions"]) form.set("resolutions", metadata["resolutions"]);
  let verdict: Verdict | null = null;
  try {
    let ranges = judgedRanges(await boxesOf(readerOf(file), file.size), file.size);
    let left = JUDGED;
    for (let round = 0; round < ROUNDS && ranges.length > 0; round++) {
      left -= await add(form, file, ranges);
      const answer = await ask({ method: "POST", url, body: form, signal });
      if (answer.status !== 200) return verdict;
      verdict = JSON.parse(answer.text) as Verdict;
      ranges = furtherRanges(verdict.wanted ?? [], file.size, left);
    }
    return verdict;
  } catch (error) {
    if (error instanceof Stopped) throw error;
    if (error instanceof Problem || error instanceof DOMException || error instanceof SyntaxError) return verdict;
    throw error;
  }
}

/** Those of the wanted ranges that exist, as far as `left` bytes go. */
export function furtherRanges(
  wanted: readonly { start: number; length: number }[],
  size: number,
  left: number,
): Range[] {
  const ranges: Range[] = [];
  for (const { start, length } of wanted) {
    const stop = Math.min(size, start + length);
    if (!(start >= 0 && start < stop && stop - start <= left)) continue;
    ranges.push([start, stop]);
    left -= stop - start;
  }
  return ranges;
}

/** Puts ranges of a file into the form; how many bytes they are. */
async function add(form: FormData, file: File, ranges: readonly Range[]): Promise<number> {
  let bytes = 0;
  for (const [start, stop] of ranges) {
    // A slice that cannot be read is better found out here than by the browser amid a request.
    const slice = await file.slice(start, stop).arrayBuffer();
    form.set(`range-${start}`, new Blob([slice]), `range-${start}`);
    bytes += slice.byteLength;
  }
  return bytes;
}

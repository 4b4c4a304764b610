import { problemOf } from "../plain/problem.ts";
import { boxesOf, playingOrder, type Range, readerOf } from "./boxes.ts";
import type { Courier } from "./courier.ts";
import { ask } from "./http.ts";

/**
 * Sends by PUT with Content-Range, in an order of our own: what lets a film be watched while it arrives goes
 * first. The stored bytes are the same; tus can only go from the beginning to the end.
 */
export const sendByRanges: Courier = async ({ file, place, options, signal, onSent, learn }) => {
  const { size } = file;
  const held = await standing(place.url, size, signal);
  const order: Range[] = options.playWhileUploading
    ? playingOrder(await boxesOf(readerOf(file), size), size)
    : [[0, size]];
  let behind = place.behind ?? [];
  let left = held === "whole" ? [] : without(order, held, behind);
  while (left[0]) {
    const [start, stop] = left[0];
    const gone = size - bytesOf(left);
    onSent(gone);
    const answer = await ask({
      method: "PUT",
      url: place.url,
      headers: {
        "Content-Type": place.contentType ?? (file.type || "application/octet-stream"),
        "Content-Range": `bytes ${start}-${stop - 1}/${size}`,
      },
      body: file.slice(start, stop),
      signal,
      onSent: (sent) => onSent(gone + sent),
    });
    const now = heldBy(answer.status, answer.text, answer.header("Range"));
    if (now === "whole") break;
    if (start > now) {
      // Behind a gap: taken, though Range cannot say so.
      behind = [...behind, [start, stop]];
      await learn({ behind });
    }
    left = without(order, now, behind);
    // Nothing left, and yet not whole: what was thought to have arrived did not.
    if (!left[0]) {
      behind = [];
      await learn({ behind });
      left = [[now, size]];
    }
  }
  onSent(size);
};

/**
 * The bytes from the beginning that the server has without a gap, or `whole`.
 *
 * Throws the problem of an upload that is no longer there.
 */
export async function standing(url: string, size: number, signal: AbortSignal): Promise<number | "whole"> {
  const answer = await ask({ method: "PUT", url, headers: { "Content-Range": `bytes */${size}` }, signal });
  return heldBy(answer.status, answer.text, answer.header("Range"));
}

function heldBy(status: number, text: string, range: string | null): number | "whole" {
  if (status === 200) return "whole";
  if (status !== 308) throw problemOf(status, text);
  const found = /^bytes=0-(\d+)$/.exec(range ?? "");
  return found ? Number(found[1]) + 1 : 0;
}

/** What is left of an order, without the first `held` bytes of the file and what lies behind gaps. */
export function without(order: readonly Range[], held: number, behind: readonly Range[]): Range[] {
  const isBehind = ([start, stop]: Range): boolean => behind.some(([from, to]) => from <= start && stop <= to);
  return order
    .map(([start, stop]): Range => [Math.max(start, held), stop])
    .filter((range) => range[1] > range[0] && !isBehind(range));
}

/** Bytes of several ranges. */
export function bytesOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, stop]) => sum + stop - start, 0);
}

import { boxesOf, judgedRanges, readerOf } from "./boxes.ts";
import type { Metadata, Verdict } from "./contract.ts";
import { ask, Stopped } from "./http.ts";
import { Problem } from "../plain/problem.ts";

/**
 * Asks the server what it would make of a file, by its head (and its index, where that comes last) alone. Null
 * where there is no telling: a server without preflight, or out of reach, keeps nobody from sending.
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
  try {
    const boxes = await boxesOf(readerOf(file), file.size);
    for (const [start, stop] of judgedRanges(boxes, file.size)) {
      // A slice that cannot be read is better found out here than by the browser amid a request.
      const bytes = await file.slice(start, stop).arrayBuffer();
      form.set(`range-${start}`, new Blob([bytes]), `range-${start}`);
    }
    const answer = await ask({ method: "POST", url, body: form, signal });
    return answer.status === 200 ? (JSON.parse(answer.text) as Verdict) : null;
  } catch (error) {
    if (error instanceof Stopped) throw error;
    if (error instanceof Problem || error instanceof DOMException || error instanceof SyntaxError) return null;
    throw error;
  }
}

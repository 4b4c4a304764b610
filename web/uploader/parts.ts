import { Problem, problemOf } from "../plain/problem.ts";
import type { Place } from "./contract.ts";
import type { Courier, Errand } from "./courier.ts";
import { ask, demand } from "./http.ts";

/** Parts in flight at once: enough to fill a long line, few enough for a browser's six connections. */
const ABREAST = 4;
/** Attempts at one part before the whole attempt is given up. */
const TRIES = 3;
/** Bytes: S3's least size of a part but the last is 5 MiB, and an upload has 10,000 parts at most. */
const LEAST = 8 * 1024 * 1024;
const MOST_PARTS = 9_000;

interface Part {
  PartNumber: number;
  ETag: string;
}

interface StoredPart extends Part {
  Size: number;
}

/** Bytes of each part but the last: all alike, as some stores want them. */
export function partBytesFor(size: number): number {
  return Math.max(LEAST, Math.ceil(size / MOST_PARTS / LEAST) * LEAST);
}

/** The parts still to send: their numbers from 1, and their bytes. */
export function partsLeft(size: number, each: number, stored: readonly StoredPart[]): [number, number, number][] {
  const there = new Map(stored.map((part) => [part.PartNumber, part.Size]));
  const left: [number, number, number][] = [];
  for (let number = 1, start = 0; start < size; number += 1, start += each) {
    const stop = Math.min(size, start + each);
    // A part of another size was cut, or is not ours: sent again it takes the place of what is there.
    if (there.get(number) !== stop - start) left.push([number, start, stop]);
  }
  return left;
}

/**
 * Sends numbered parts to URLs that the server signs, which may lead straight to its store: the protocol of
 * Uppy's Companion. What the store lists is not sent again.
 */
export const sendByParts: Courier = async (errand) => {
  const { file, place, signal, onSent } = errand;
  const each = place.partBytes ?? partBytesFor(file.size);
  const stored = await storedParts(place, signal);
  if (stored === "joined") return onSent(file.size);
  const left = partsLeft(file.size, each, stored);
  const etags = new Map(stored.map((part) => [part.PartNumber, part.ETag]));
  const total = (ranges: readonly [number, number, number][]): number =>
    ranges.reduce((sum, [, start, stop]) => sum + stop - start, 0);
  const moving = new Map<number, number>();
  let settled = file.size - total(left);
  const tell = (): void => onSent(settled + [...moving.values()].reduce((sum, sent) => sum + sent, 0));
  tell();
  // One part that cannot be sent ends the others, which are sent again in the next attempt.
  const group = new AbortController();
  const stop = (): void => group.abort();
  signal.addEventListener("abort", stop);
  const work = async (): Promise<void> => {
    for (let part = left.shift(); part; part = left.shift()) {
      const [number, start, end] = part;
      const onPart = (sent: number): void => {
        moving.set(number, sent);
        tell();
      };
      etags.set(number, await sendPart({ ...errand, signal: group.signal, onSent: onPart }, number, start, end));
      moving.delete(number);
      settled += end - start;
      tell();
    }
  };
  try {
    await Promise.all(Array.from({ length: ABREAST }, work));
  } finally {
    signal.removeEventListener("abort", stop);
    group.abort();
  }
  const parts = [...etags].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  await complete(place, { parts }, signal);
};

async function sendPart(errand: Errand, number: number, start: number, end: number): Promise<string> {
  const { file, place, signal, onSent } = errand;
  for (let tries = 1; ; tries += 1) {
    const signed = await demand({ method: "GET", url: addressOf(place, `/${number}`), signal });
    const { url, headers } = JSON.parse(signed.text) as { url: string; headers?: Record<string, string> };
    const body = file.slice(start, end);
    const answer = await ask({ method: "PUT", url, headers: headers ?? {}, body, signal, onSent });
    const etag = answer.header("ETag");
    if (answer.status < 300 && etag) return etag;
    onSent(0);
    // A store's own words are XML, which problemOf passes over.
    if (tries === TRIES || (answer.status < 500 && answer.status !== 403)) {
      throw problemOf(answer.status < 300 ? 502 : answer.status, answer.text);
    }
  }
}

/** The parts that are there; or that they were put together before, and only the answer to that was lost. */
async function storedParts(place: Place, signal: AbortSignal): Promise<StoredPart[] | "joined"> {
  try {
    const listed = await demand({ method: "GET", url: addressOf(place), signal });
    return JSON.parse(listed.text) as StoredPart[];
  } catch (error) {
    // No parts are listed any more. Asked once more to complete them, a server says whether it has.
    if (!(error instanceof Problem) || error.status !== 409) throw error;
    await complete(place, {}, signal);
    return "joined";
  }
}

async function complete(place: Place, asked: { parts?: Part[] }, signal: AbortSignal): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(asked);
  await demand({ method: "POST", url: addressOf(place, "/complete"), headers, body, signal });
}

/** What a Companion answers; the last three are Playhead's own. */
interface Begun {
  key: string;
  uploadId: string;
  partSize?: number;
  videoId?: string;
  expiresAt?: string;
}

/** Begins a multipart upload: what the place has to know of it; of the same `beginning`, the same one again. */
export async function createByParts(
  companion: string,
  file: File,
  metadata: Readonly<Record<string, string>>,
  beginning: string,
): Promise<Required<Pick<Place, "key" | "multipart" | "partBytes" | "videoId" | "expiresAt">>> {
  const body = JSON.stringify({ filename: file.name, type: file.type, size: file.size, metadata });
  const headers = { "Content-Type": "application/json", "Idempotency-Key": beginning };
  const answer = await demand({ method: "POST", url: `${companion}/s3/multipart`, headers, body });
  const told = JSON.parse(answer.text) as Begun;
  const partBytes = told.partSize ?? partBytesFor(file.size);
  const expiresAt = told.expiresAt ? Date.parse(told.expiresAt) : null;
  return { key: told.key, multipart: told.uploadId, partBytes, videoId: told.videoId ?? null, expiresAt };
}

/** Ends a multipart upload that nobody wants any more. */
export async function abandonParts(place: Place): Promise<void> {
  await demand({ method: "DELETE", url: addressOf(place) });
}

function addressOf(place: Place, more = ""): string {
  const query = new URLSearchParams({ key: place.key ?? "" });
  return `${place.url}/s3/multipart/${encodeURIComponent(place.multipart ?? "")}${more}?${query}`;
}

import { Problem } from "../plain/problem.ts";
import type { Metadata, Options, Place } from "./contract.ts";
import type { Courier } from "./courier.ts";
import { ask, problemFrom } from "./http.ts";
import { abandonParts, createByParts, sendByParts } from "./parts.ts";
import { sendByRanges } from "./ranges.ts";
import { createByTus, sendByTus } from "./tus.ts";

const COURIERS: Record<Place["way"], Courier> = { tus: sendByTus, ranges: sendByRanges, parts: sendByParts };

/** What sends to a place. */
export function courierTo(place: Place): Courier {
  return COURIERS[place.way];
}

/** Whether there is anywhere to send a file to. */
export function leadsSomewhere(options: Options): boolean {
  const { createUpload, uploadUrl, companion, endpoint } = options;
  return createUpload !== null || [uploadUrl, companion, endpoint].some((url) => url !== null);
}

/**
 * Has the server make room for a file, in the way that the page's attributes offer: an upload that the page made
 * for it, numbered parts, or tus. There is no stopping it half-way, as nobody would know then what was made.
 * Tried again with the same name for this `beginning`, parts and tus find what was made.
 */
export async function open(file: File, metadata: Metadata, options: Options, beginning: string): Promise<Place> {
  const { createUpload, uploadUrl, companion, endpoint } = options;
  const blank = { uploadId: null, videoId: null, expiresAt: null };
  const way = options.playWhileUploading ? "ranges" : "tus";
  if (createUpload) {
    const made = await calling(() => createUpload(file, metadata));
    const expiresAt = made.expiresAt ? Date.parse(made.expiresAt) : null;
    const { url, uploadId = null, videoId = null, contentType } = made;
    const place = { way, url: absolute(url), uploadId, videoId, expiresAt } as const;
    return contentType ? { ...place, contentType } : place;
  }
  if (uploadUrl) return { ...blank, way, url: absolute(uploadUrl) };
  const said: Metadata = { filename: file.name, filetype: file.type, ...metadata };
  if (companion && !options.playWhileUploading) {
    const url = absolute(companion).replace(/\/$/, "");
    return { ...blank, way: "parts", url, ...(await createByParts(url, file, metadata, beginning)) };
  }
  if (!endpoint) throw new Problem(400, "no_endpoint", "The page does not say where to send files.", "");
  const wish = options.playWhileUploading ? { ...said, play_while_uploading: "true" } : said;
  const made = await createByTus(absolute(endpoint), file.size, wish, beginning);
  const uploadId = made.header("Playhead-Upload");
  const videoId = made.header("Playhead-Video");
  return { way, url: made.url, uploadId, videoId, expiresAt: made.expiresAt };
}

/** Tells the server that a file is not going to come. It forgets by itself in the end, so failures are passed over. */
export async function abandon(place: Place): Promise<void> {
  const headers = place.way === "tus" ? { "Tus-Resumable": "1.0.0" } : {};
  try {
    if (place.way === "parts") await abandonParts(place);
    else await ask({ method: "DELETE", url: place.url, headers });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

async function calling<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw problemFrom(error);
  }
}

function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}

/** What the server says to an uploader, and what a page may tell it. */

import type { Failure } from "../plain/problem.ts";

/** The answer of a preflight: what the server would make of a file, from its head alone. */
export interface Verdict {
  /** `fit` to be played as it is, to be encoded first, refused, or there was no telling. */
  verdict: "fit" | "encode" | "refused" | "unknown";
  reasons: string[];
  error: Failure | null;
  source: {
    width: number | null;
    height: number | null;
    duration_seconds: number | null;
    video_codec: string | null;
    audio_codec: string | null;
  } | null;
  plan: {
    renditions: {
      resolution: string;
      width: number;
      height: number;
      max_bit_rate: number;
      note: string | null;
    }[];
    cpu_seconds: { low: number; high: number };
    bytes: { low: number; high: number };
  } | null;
  /** Ranges that would tell more; none where that is all there is to tell. */
  wanted?: { start: number; length: number }[];
}

/** Where the bytes of one file go. Plain data, kept over restarts of the browser. */
export interface Place {
  /** `tus`; parts of a file in any order (`ranges`); or numbered parts, straight to a store (`parts`). */
  way: "tus" | "ranges" | "parts";
  /** The upload's URL; of `parts`, the address above `/s3/`. */
  url: string;
  uploadId: string | null;
  videoId: string | null;
  /** Milliseconds since 1970 after which the server no longer knows it; null where it did not say. */
  expiresAt: number | null;
  /** Of `ranges`: the Content-Type that the upload takes. */
  contentType?: string;
  /** Of `ranges`: parts behind a gap that have arrived, which the server's `Range` cannot say. */
  behind?: [number, number][];
  /** Of `parts`: the names the store gave, and the bytes of each part but the last. */
  key?: string;
  multipart?: string;
  partBytes?: number;
}

/** What a page's `createUpload` answers: an upload that its server made for this one file. */
export interface CreatedUpload {
  /** The upload's own URL. */
  url: string;
  uploadId?: string | null;
  videoId?: string | null;
  /** ISO 8601. */
  expiresAt?: string | null;
  contentType?: string;
}

/** Anything a page wants to know again of a file: kept with it, and sent along where the protocol can. */
export type Metadata = Readonly<Record<string, string>>;

/** The page's own way to make an upload; it may throw whatever has a `message`. */
export type CreateUpload = (file: File, metadata: Metadata) => Promise<CreatedUpload>;

/** What an element is told to do, as its attributes say at the moment. */
export interface Options {
  endpoint: string | null;
  uploadUrl: string | null;
  companion: string | null;
  preflight: string | null;
  createUpload: CreateUpload | null;
  playWhileUploading: boolean;
  /** Files sent at the same time. */
  parallel: number;
  /** Bytes of one tus request; Infinity for the whole file. */
  chunkBytes: number;
}

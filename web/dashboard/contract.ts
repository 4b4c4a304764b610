/** What the server says below `/v1`, as far as this page reads it. */

import type { Failure } from "../plain/problem.ts";

export const RESOLUTIONS = [
  "144p",
  "240p",
  "360p",
  "480p",
  "720p",
  "1080p",
  "1440p",
  "4k",
  "8k",
] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export type Status = "pending_upload" | "processing" | "ready" | "fail";

export interface Rendition {
  id: string;
  resolution: Resolution;
  status: Status;
  /** 0 to 1. */
  progress: number;
  pieces_done: number;
  pieces_planned: number;
  /** Pixels; null until planned. */
  width: number | null;
  height: number | null;
  size_bytes: number | null;
  video_url: string | null;
  /** A sentence where the result differs from what was asked: the source was smaller, say. */
  note: string | null;
  error: Failure | null;
}

export interface Source {
  size_bytes: number;
  /** Pixels as displayed, rotation applied; null of sound alone. */
  width: number | null;
  height: number | null;
  duration_seconds: number;
}

export interface Video {
  id: string;
  filename: string;
  status: Status;
  is_public: boolean;
  /** ISO 8601. */
  created_at: string;
  /** Null until players can be served, which is long before every rendition is there. */
  playable_at: string | null;
  /** 0 to 1, over all renditions. */
  progress: number;
  source: Source | null;
  upload: { size_bytes: number | null; received_bytes: number };
  error: Failure | null;
  poster_url: string | null;
  /** The page that plays it in an iframe. */
  embed_url: string;
  /** The HLS playlist and the DASH manifest; null until the video is playable. */
  hls_url: string | null;
  dash_url: string | null;
  /** What could not be made and is done without. */
  left_out: LeftOut[];
  renditions: Rendition[];
}

export interface LeftOut {
  part: "poster" | "sound" | "captions";
  language: string | null;
}

export interface VideoPage {
  data: Video[];
  next_cursor: string | null;
  has_more: boolean;
}

/** The answer to `POST /v1/uploads`. */
export interface Created {
  id: string;
  url: string;
  video_id: string;
  /** The one Content-Type the upload URL takes. */
  content_type: string;
  /** ISO 8601. */
  expires_at: string;
}

/** The answer to `POST /v1/upload-grants`, as far as this page reads it. */
export interface Grant {
  preflight_url: string;
}

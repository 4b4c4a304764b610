import type { LeftOut, Rendition, Video } from "./contract.ts";
import { RESOLUTIONS } from "./contract.ts";
import { Problem, problemOfFailure } from "../plain/problem.ts";
import type { UploadState } from "../uploader/state.ts";
import { foretell, pace } from "../uploader/words.ts";
import { ago, bytes, duration, percent } from "../plain/words.ts";

/** What a card says of its video; plain data, so that it can be judged without a browser. */
export interface CardView {
  title: string;
  chip: { tone: "quiet" | "busy" | "good" | "bad"; text: string };
  /** The line below the title. */
  line: string;
  /** `fraction` is 0 to 1, or null while there is nothing to measure. */
  progress: { label: string; fraction: number | null } | null;
  problem: Problem | null;
  canRetry: boolean;
}

/** One of `video` and `upload` is there, or both. `now` in milliseconds since 1970. */
export function describe(video: Video | null, upload: UploadState | null, now: number): CardView {
  const local = upload && upload.step !== "done" ? describeUpload(upload) : null;
  if (local) return local;
  // Right after the upload, what is known of the video may still be from before.
  const isStale = !video || (upload !== null && video.status === "pending_upload");
  if (!isStale) return describeVideo(video, now);
  return view(upload?.name ?? "", "busy", "Processing", "Waiting for the server …");
}

function describeUpload(upload: UploadState): CardView {
  const { name } = upload;
  const size = bytes(upload.size);
  const fraction = upload.size > 0 ? upload.sent / upload.size : 0;
  const progress = { label: "Upload", fraction };
  switch (upload.step) {
    case "checking":
      return view(name, "quiet", "Waiting", `${size} · Looking at the file …`);
    case "waiting":
      return view(name, "quiet", "Waiting", foretold(upload) || `${size} · next in line`);
    case "sending":
      return { ...view(name, "busy", "Uploading", pace(upload)), progress };
    case "paused":
      return { ...view(name, "quiet", "Paused", `${bytes(upload.sent)} of ${size}`), progress };
    case "stalled":
      return { ...trouble(name, "Interrupted", upload.problem, size), progress, canRetry: true };
    case "asking":
      return { ...trouble(name, "Interrupted", asking(upload), size), canRetry: true };
    case "refused":
    case "failed": {
      const { problem, canRetry } = upload;
      return { ...trouble(name, "Failed", problem, size), canRetry };
    }
    case "opening":
    case "cancelled":
    case "done":
      return { ...view(name, "busy", "Uploading", foretold(upload) || `${size} · Preparing …`), progress };
  }
}

function foretold({ verdict }: UploadState): string {
  return verdict ? foretell(verdict) : "";
}

/** After a restart of the browser, a file too large to be kept has to be given again. */
function asking(upload: UploadState): Problem {
  if (upload.problem) return upload.problem;
  const remedy =
    upload.wants === "permission"
      ? "Try again, and let the browser read the file once more."
      : "Drop or choose the same file again, and it goes on where it was.";
  return new Problem(0, "upload_interrupted", "The upload was interrupted.", remedy);
}

function describeVideo(video: Video, now: number): CardView {
  const facts = factsOf(video, now);
  switch (video.status) {
    case "pending_upload": {
      const { size_bytes: size, received_bytes: received } = video.upload;
      if (received === 0) return view(video.filename, "quiet", "Awaiting upload", facts);
      if (!size || received >= size) {
        return view(video.filename, "quiet", "Not completed", `${bytes(received)} received`);
      }
      const line = `${bytes(received)} of ${bytes(size)} received`;
      const shown = view(video.filename, "quiet", "Awaiting upload", line);
      return { ...shown, progress: { label: "Upload", fraction: received / size } };
    }
    case "processing": {
      const shown = view(video.filename, "busy", video.playable_at ? "Playable" : "Processing", "");
      const line = `Processing ${percent(video.progress)}${facts ? ` · ${facts}` : ""}`;
      return { ...shown, line, progress: { label: "Processing", fraction: video.progress } };
    }
    case "ready":
      return view(video.filename, "good", "Ready", facts);
    case "fail":
      return trouble(video.filename, "Failed", video.error ? problemOfFailure(video.error) : null, facts);
  }
}

function view(title: string, tone: CardView["chip"]["tone"], chip: string, line: string): CardView {
  return { title, chip: { tone, text: chip }, line, progress: null, problem: null, canRetry: false };
}

/** Says in one line what is wrong, or else what is known; opened, the card says what to do. */
function trouble(title: string, chip: string, problem: Problem | null, facts: string): CardView {
  return { ...view(title, "bad", chip, problem?.sentence ?? facts), problem };
}

const PARTS: Record<LeftOut["part"], string> = {
  poster: "its poster",
  sound: "one of its sounds",
  captions: "captions",
};

function factsOf(video: Video, now: number): string {
  const { source } = video;
  const size = source?.size_bytes ?? video.upload.size_bytes;
  const words: string[] = video.is_public ? [] : ["Private"];
  if (source) {
    const shown = source.width === null ? "Sound" : `${source.width} × ${source.height}`;
    words.push(duration(source.duration_seconds), shown);
  }
  if (size !== null) words.push(bytes(size));
  words.push(ago(Date.parse(video.created_at), now));
  for (const { part, language } of video.left_out) {
    words.push(`without ${PARTS[part]}${language ? ` (${language})` : ""}`);
  }
  return words.join(" · ");
}

/** What a rendition's row says. */
export interface RenditionView {
  /** Pixels and size, or where the work stands. */
  facts: string;
  /** 0 to 1; null when there is no work under way. */
  fraction: number | null;
  url: string | null;
  note: string;
  problem: Problem | null;
}

/** `rendition` is null between choosing the file and the server's first word of it. */
export function describeRendition(rendition: Rendition | null): RenditionView {
  const note = rendition?.note ?? "";
  const blank: RenditionView = { facts: "Waiting", fraction: 0, url: null, note, problem: null };
  if (!rendition || rendition.status === "pending_upload") return blank;
  if (rendition.status === "fail") {
    const problem = rendition.error ? problemOfFailure(rendition.error) : null;
    return { ...blank, facts: "Failed", fraction: null, problem };
  }
  if (rendition.status === "processing") {
    const { progress, pieces_done: done, pieces_planned: planned } = rendition;
    const pieces = planned > 1 ? ` · ${done} of ${planned}` : "";
    return { ...blank, facts: `${percent(progress)}${pieces}`, fraction: progress };
  }
  const words: string[] = [];
  if (rendition.width && rendition.height) words.push(`${rendition.width} × ${rendition.height}`);
  if (rendition.size_bytes !== null) words.push(bytes(rendition.size_bytes));
  return { ...blank, facts: words.join(" · "), fraction: null, url: rendition.video_url };
}

/** Smallest first. */
export function inOrder<T extends { resolution: Rendition["resolution"] }>(renditions: readonly T[]): T[] {
  const rank = (one: T): number => RESOLUTIONS.indexOf(one.resolution);
  return [...renditions].sort((a, b) => rank(a) - rank(b));
}

/**
 * The rendition whose MP4 to play in a box `width` device pixels wide, where HLS cannot be: the smallest
 * that fills it, else the largest there is; null while none is there.
 */
export function renditionFor(video: Video, width: number): Rendition | null {
  const playable = video.renditions.filter((rendition) => rendition.video_url && rendition.width);
  playable.sort((a, b) => (a.width ?? 0) - (b.width ?? 0));
  return playable.find((rendition) => (rendition.width ?? 0) >= width) ?? playable.at(-1) ?? null;
}

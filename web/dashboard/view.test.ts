import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rendition, Video } from "./contract.ts";
import { begun, type UploadState } from "../uploader/state.ts";
import { Problem, unreachable } from "../plain/problem.ts";
import { describe, describeRendition, inOrder, renditionFor } from "./view.ts";

const NOW = Date.parse("2026-11-23T12:00:30Z");

function rendition(change: Partial<Rendition> = {}): Rendition {
  return {
    id: "r",
    resolution: "360p",
    status: "processing",
    progress: 0,
    pieces_done: 0,
    pieces_planned: 0,
    width: null,
    height: null,
    size_bytes: null,
    video_url: null,
    note: null,
    error: null,
    ...change,
  };
}

function ready(resolution: Rendition["resolution"], width: number, height: number): Rendition {
  const made = { width, height, size_bytes: 1_500_000, video_url: `/v/x/${resolution}.mp4` };
  return rendition({ id: resolution, resolution, status: "ready", progress: 1, ...made });
}

function video(change: Partial<Video> = {}): Video {
  return {
    id: "v",
    filename: "clip.mp4",
    status: "processing",
    is_public: true,
    created_at: "2026-11-23T12:00:00Z",
    playable_at: null,
    progress: 0.25,
    source: { size_bytes: 2_000_000, width: 640, height: 360, duration_seconds: 7 },
    upload: { size_bytes: 2_000_000, received_bytes: 2_000_000 },
    error: null,
    poster_url: null,
    embed_url: "/embed/v",
    hls_url: null,
    dash_url: null,
    left_out: [],
    renditions: [rendition()],
    ...change,
  };
}

function upload(change: Partial<UploadState>): UploadState {
  return { ...begun("u", { name: "clip.mp4", size: 2_000_000, type: "video/mp4" }), ...change };
}

test("a file being sent tells how much, how fast and how long", () => {
  const pace = { perSecond: 250_000, secondsLeft: 6 };
  const view = describe(null, upload({ step: "sending", sent: 500_000, ...pace }), NOW);
  assert.equal(view.line, "500 kB of 2.0 MB · 250 kB/s · 6 s left");
  assert.deepEqual(view.progress, { label: "Upload", fraction: 0.25 });
  assert.equal(view.chip.text, "Uploading");
});

test("a video says what it is without", () => {
  const left_out: Video["left_out"] = [
    { part: "poster", language: null },
    { part: "sound", language: "deu" },
  ];
  const view = describe(video({ status: "ready", left_out }), null, NOW);
  assert.match(view.line, / · without its poster · without one of its sounds \(deu\)$/);
});

test("an upload that failed can be tried again if the element says so", () => {
  const lost = describe(null, upload({ step: "failed", problem: unreachable(), canRetry: true }), NOW);
  assert.equal(lost.canRetry, true);
  const judged = new Problem(422, "not_a_video", "It is none.", "Send another.");
  const refused = describe(null, upload({ step: "failed", problem: judged }), NOW);
  assert.equal(refused.canRetry, false);
  assert.equal(refused.problem, judged);
});

test("an interrupted upload says what it waits for", () => {
  const stalled = describe(null, upload({ step: "stalled", problem: unreachable() }), NOW);
  assert.equal(stalled.chip.text, "Interrupted");
  assert.equal(stalled.problem?.code, "unreachable");
  const paused = describe(null, upload({ step: "paused", sent: 1_000_000 }), NOW);
  assert.deepEqual([paused.chip.text, paused.line], ["Paused", "1.0 MB of 2.0 MB"]);
  const asking = describe(null, upload({ step: "asking", wants: "file" }), NOW);
  assert.match(asking.problem?.remedy ?? "", /same file again/);
});

test("while this page uploads, its own word goes before the server's", () => {
  const sending = upload({ step: "sending", sent: 2_000_000 });
  assert.equal(describe(video({ status: "pending_upload" }), sending, NOW).chip.text, "Uploading");
  const done = upload({ step: "done" });
  assert.equal(describe(video(), done, NOW).chip.text, "Processing");
  assert.equal(describe(video({ status: "pending_upload" }), done, NOW).chip.text, "Processing");
  assert.equal(describe(null, done, NOW).title, "clip.mp4");
});

test("a processing video is called playable as soon as it is", () => {
  const waiting = describe(video(), null, NOW);
  assert.equal(waiting.line, "Processing 25% · 0:07 · 640 × 360 · 2.0 MB · just now");
  const playable = describe(video({ playable_at: "2026-11-23T12:00:01Z" }), null, NOW);
  assert.equal(playable.chip.text, "Playable");
});

test("an upload of another client's shows what the server has of it", () => {
  const received = { size_bytes: 4000, received_bytes: 1000 };
  const view = describe(video({ status: "pending_upload", source: null, upload: received }), null, NOW);
  assert.equal(view.line, "1.0 kB of 4.0 kB received");
  assert.equal(view.progress?.fraction, 0.25);
  const whole = { size_bytes: 4000, received_bytes: 4000 };
  const left = describe(video({ status: "pending_upload", source: null, upload: whole }), null, NOW);
  assert.equal(left.chip.text, "Not completed");
  assert.equal(left.progress, null);
});

test("a failed video says why in its line, and a private one that it is private", () => {
  const words = { message: "It is damaged.", remedy: "Export it again." };
  const error = { code: "corrupt_file", docs_url: "/docs", ...words };
  const view = describe(video({ status: "fail", error }), null, NOW);
  assert.equal(view.problem?.sentence, "It is damaged.");
  assert.equal(view.problem?.remedy, "Export it again.");
  assert.equal(view.line, "It is damaged.");
  assert.match(describe(video({ is_public: false }), null, NOW).line, /Private · /);
});

test("a rendition counts its pieces only when there are several", () => {
  const one = rendition({ progress: 0.5, pieces_done: 0, pieces_planned: 1 });
  assert.equal(describeRendition(one).facts, "50%");
  const several = rendition({ progress: 0.5, pieces_done: 4, pieces_planned: 8 });
  assert.equal(describeRendition(several).facts, "50% · 4 of 8");
  assert.equal(describeRendition(ready("360p", 640, 360)).facts, "640 × 360 · 1.5 MB");
  assert.deepEqual(describeRendition(null).url, null);
});

test("renditions are in order of size, whatever order they came in", () => {
  const mixed = (["4k", "144p", "1080p"] as const).map((resolution) => ({ resolution }));
  assert.deepEqual(inOrder(mixed).map((one) => one.resolution), ["144p", "1080p", "4k"]);
});

test("the player gets the smallest rendition that fills its box", () => {
  const renditions = [ready("1080p", 1920, 1080), ready("360p", 640, 360), ready("720p", 1280, 720)];
  const all = video({ renditions });
  assert.equal(renditionFor(all, 800)?.resolution, "720p");
  assert.equal(renditionFor(all, 4000)?.resolution, "1080p");
  assert.equal(renditionFor(video(), 800), null);
});

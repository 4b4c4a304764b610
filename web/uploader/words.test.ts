import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, unreachable } from "../plain/problem.ts";
import type { Verdict } from "./contract.ts";
import { begun, type UploadState } from "./state.ts";
import { announcement, describe, foretell, label } from "./words.ts";

const BEGUN = begun("a", { name: "clip.mp4", size: 2_000_000, type: "video/mp4" });
const at = (change: Partial<UploadState>): UploadState => ({ ...BEGUN, ...change });

const VERDICT: Verdict = {
  verdict: "encode",
  reasons: ["HEVC"],
  error: null,
  source: { width: 1920, height: 1080, duration_seconds: 12, video_codec: "hevc", audio_codec: "aac" },
  plan: {
    renditions: ["360p", "720p", "1080p"].map((resolution) => {
      return { resolution, width: 1, height: 1, max_bit_rate: 1, note: null };
    }),
    cpu_seconds: { low: 1, high: 2 },
    bytes: { low: 1, high: 2 },
  },
};

test("what is being sent tells how much, how fast and how long", () => {
  const view = describe(at({ step: "sending", sent: 500_000, perSecond: 250_000, secondsLeft: 6 }));
  assert.equal(view.line, "500 kB of 2.0 MB · 250 kB/s · 6 s left");
  assert.equal(view.share, "25%");
  assert.deepEqual(view.actions, ["pause", "cancel"]);
  assert.equal(describe(at({ step: "sending", sent: 2_000_000 })).line, "2.0 MB · Checking the file …");
});

test("trouble is told in the server's words, and what can be done about it", () => {
  const problem = new Problem(422, "not_a_video", "It is none.", "Send another.", "/docs");
  const refused = describe(at({ step: "refused", problem }));
  assert.deepEqual([refused.line, refused.detail, refused.docsUrl], ["It is none.", "Send another.", "/docs"]);
  assert.deepEqual(refused.actions, ["dismiss"]);
  assert.deepEqual(describe(at({ step: "failed", problem, canRetry: true })).actions, ["retry", "dismiss"]);
  const stalled = describe(at({ step: "stalled", problem: unreachable(), retryAt: 1 }));
  assert.equal(stalled.line, "The server cannot be reached.");
  assert.match(stalled.detail, /by itself/);
  assert.match(describe(at({ step: "stalled", problem: unreachable() })).detail, /^Offline\./);
});

test("an upload of before a restart says what it needs", () => {
  assert.deepEqual(describe(at({ step: "asking", wants: "permission" })).actions, ["permit", "cancel"]);
  assert.deepEqual(describe(at({ step: "asking", wants: "file" })).actions, ["choose", "cancel"]);
  assert.equal(describe(at({ step: "paused" })).line, "Paused · 2.0 MB");
  assert.equal(describe(at({ step: "paused", sent: 1_000_000 })).line, "Paused · 1.0 MB of 2.0 MB");
});

test("a verdict foretells what will be made", () => {
  assert.equal(foretell(VERDICT), "Will be encoded to 360p, 720p and 1080p · 1920 × 1080 · 0:12");
  assert.equal(foretell({ ...VERDICT, verdict: "fit" }), "Plays as it is · 1920 × 1080 · 0:12");
  assert.equal(foretell({ ...VERDICT, plan: null, source: null }), "Will be encoded");
  assert.equal(foretell({ ...VERDICT, verdict: "unknown", plan: null }), "1920 × 1080 · 0:12");
  assert.equal(foretell({ ...VERDICT, verdict: "unknown", plan: null, source: null }), "");
  assert.equal(describe(at({ step: "waiting", verdict: VERDICT })).detail, foretell(VERDICT));
});

test("milestones are announced once, and names are in the buttons' labels", () => {
  const sending = at({ step: "sending" });
  assert.equal(announcement(at({ step: "done" }), sending), "clip.mp4 is uploaded.");
  assert.equal(announcement(at({ step: "sending", sent: 5 }), sending), "");
  const failed = at({ step: "failed", problem: unreachable() });
  assert.match(announcement(failed, sending), /^clip\.mp4 is not uploaded\. The server cannot be reached\./);
  assert.equal(label("pause", "clip.mp4"), "Pause the upload of clip.mp4");
});

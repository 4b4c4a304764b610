import assert from "node:assert/strict";
import { test } from "node:test";
import { isKept, isStale, type Kept } from "./keep.ts";

const GB = 1024 ** 3;

test("a file is kept whole up to two gigabytes, and only where there is room", () => {
  assert.equal(isKept(2 * GB, null), true);
  assert.equal(isKept(2 * GB + 1, null), false);
  assert.equal(isKept(GB, 10 * GB), true);
  assert.equal(isKept(GB, GB), false);
});

test("an upload is kept for as long as the server knows it, and else for a week", () => {
  const kept: Kept = {
    id: "a",
    scope: "",
    name: "clip.mp4",
    size: 1,
    type: "video/mp4",
    lastModified: 0,
    metadata: {},
    place: { way: "tus", url: "https://example.com/u", uploadId: null, videoId: null, expiresAt: 5000 },
    paused: false,
    sent: 0,
    addedAt: 1000,
  };
  assert.equal(isStale(kept, 5000), false);
  assert.equal(isStale(kept, 5001), true);
  // By a clock that is ahead of the server's, it would have been over before it began.
  const ahead = { ...kept, addedAt: 9000 };
  assert.equal(isStale(ahead, 9001), false);
  assert.equal(isStale(ahead, 9001 + 7 * 24 * 3600 * 1000), true);
  const untold = { ...kept, place: null };
  assert.equal(isStale(untold, 1000 + 7 * 24 * 3600 * 1000), false);
  assert.equal(isStale(untold, 1001 + 7 * 24 * 3600 * 1000), true);
});

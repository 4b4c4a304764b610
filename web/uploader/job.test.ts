import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, unreachable } from "../plain/problem.ts";
import { beginningOf, isOther, keptOf, mayRetry, newId, renewed, retryDelay } from "./job.ts";

test("what may pass is tried again, ever more slowly, and not for ever", () => {
  const delays = Array.from({ length: 10 }, (_, tries) => retryDelay(unreachable(), tries));
  assert.deepEqual(delays.slice(0, 3), [1000, 2000, 4000]);
  assert.equal(delays[9], null);
  assert.equal(retryDelay(new Problem(503, "busy", "", ""), 0), 1000);
});

test("a contested upload is tried a few times, a judged one never", () => {
  const locked = new Problem(423, "locked", "", "");
  assert.equal(retryDelay(locked, 2), 4000);
  assert.equal(retryDelay(locked, 3), null);
  assert.equal(retryDelay(new Problem(422, "not_a_video", "", ""), 0), null);
});

test("only a passing failure can be tried again, or one that a new upload mends", () => {
  assert.equal(mayRetry(unreachable(), false), true);
  assert.equal(mayRetry(new Problem(422, "not_a_video", "", ""), true), false);
  assert.equal(mayRetry(new Problem(410, "upload_expired", "", ""), true), true);
  assert.equal(mayRetry(new Problem(410, "upload_expired", "", ""), false), false);
});

test("names do not repeat", () => {
  assert.match(newId(), /^[0-9a-f]{24}$/);
  assert.notEqual(newId(), newId());
});

test("each beginning has its own name, and a beginning that is asked for again the same", () => {
  const kept = keptOf("a", "", new File(["film"], "a.mp4"), {});
  const afresh = renewed({ ...kept, place: { way: "tus", url: "u", uploadId: null, videoId: null, expiresAt: null } });
  assert.equal(afresh.place, null);
  assert.deepEqual([kept, kept, afresh, renewed(afresh)].map(beginningOf), ["a-0", "a-0", "a-1", "a-2"]);
});

test("a file is another by its name and size, and where it was read from before also by its time", () => {
  const kept = keptOf("a", "", new File(["film"], "a.mp4", { lastModified: 1 }), {});
  const copied = new File(["Film"], "a.mp4", { lastModified: 2 });
  assert.equal(isOther(kept, copied, false), false);
  assert.equal(isOther(kept, copied, true), true);
  assert.equal(isOther(kept, new File(["film"], "a.mp4", { lastModified: 1 }), true), false);
  assert.equal(isOther(kept, new File(["fil"], "a.mp4", { lastModified: 1 }), false), true);
  assert.equal(isOther(kept, new File(["film"], "b.mp4", { lastModified: 1 }), false), true);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, unreachable } from "../plain/problem.ts";
import { mayRetry, newId, retryDelay } from "./job.ts";

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

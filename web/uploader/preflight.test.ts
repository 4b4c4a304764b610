import assert from "node:assert/strict";
import { test } from "node:test";
import { furtherRanges } from "./preflight.ts";

test("what a server wants besides is sent as far as there is room and file", () => {
  const wanted = [
    { start: 10, length: 20 },
    { start: 90, length: 50 },
    { start: 100, length: 1 },
    { start: -1, length: 5 },
    { start: 40, length: 0 },
  ];
  assert.deepEqual(furtherRanges(wanted, 100, 1000), [
    [10, 30],
    [90, 100],
  ]);
  assert.deepEqual(furtherRanges(wanted, 100, 19), [[90, 100]]);
  assert.deepEqual(furtherRanges(wanted, 100, 25), [[10, 30]]);
  assert.deepEqual(furtherRanges([], 100, 1000), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextPause } from "./poll.ts";

const PACE = { quick: 500, slow: 2000 };

test("it slows down while nothing changes, but never past the slowest", () => {
  const pauses = [500];
  for (let step = 0; step < 5; step += 1) pauses.push(nextPause(pauses.at(-1) ?? 0, false, PACE));
  assert.deepEqual(pauses, [500, 750, 1125, 1687.5, 2000, 2000]);
});

test("a change makes it quick again", () => {
  assert.equal(nextPause(2000, true, PACE), 500);
});

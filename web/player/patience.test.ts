import assert from "node:assert/strict";
import { test } from "node:test";
import { STRIKES, strikesOf, worthAnother } from "./patience.ts";

test("what is still being made is asked for again and again, but not for ever", () => {
  assert.equal(worthAnother(503, 0), true);
  assert.equal(worthAnother(503, 39), true);
  assert.equal(worthAnother(503, 40), false);
});

test("what is missing or refused is not asked for again", () => {
  for (const status of [403, 404, 410]) assert.equal(worthAnother(status, 0), false);
});

test("a failure that may pass is tried twice more", () => {
  for (const status of [undefined, 0, 500, 502]) {
    assert.deepEqual([0, 1, 2].map((tries) => worthAnother(status, tries)), [true, true, false]);
  }
});

test("a viewer waits ten times as long for what is being made as for who does not answer", () => {
  assert.equal(Math.ceil(STRIKES / strikesOf(undefined)), 8);
  assert.equal(Math.ceil(STRIKES / strikesOf(503)), 80);
});

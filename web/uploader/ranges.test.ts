import assert from "node:assert/strict";
import { test } from "node:test";
import type { Range } from "./boxes.ts";
import { bytesOf, without } from "./ranges.ts";

const ORDER: Range[] = [
  [0, 50],
  [900, 1000],
  [50, 900],
];

test("what the server has from the beginning is not sent again", () => {
  assert.deepEqual(without(ORDER, 0, []), ORDER);
  assert.deepEqual(without(ORDER, 300, []), [
    [900, 1000],
    [300, 900],
  ]);
  assert.deepEqual(without(ORDER, 1000, []), []);
});

test("nor is what arrived behind a gap", () => {
  const left = without(ORDER, 300, [[900, 1000]]);
  assert.deepEqual(left, [[300, 900]]);
  assert.equal(bytesOf(left), 600);
});

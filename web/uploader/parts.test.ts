import assert from "node:assert/strict";
import { test } from "node:test";
import { partBytesFor, partsLeft } from "./parts.ts";

const MB = 1024 * 1024;

test("parts are all alike, large enough for S3 and few enough", () => {
  assert.equal(partBytesFor(1), 8 * MB);
  assert.equal(partBytesFor(70_000 * MB), 8 * MB);
  const each = partBytesFor(5 * 1024 * 1024 * MB);
  assert.ok((5 * 1024 * 1024 * MB) / each <= 10_000);
  assert.equal(each % (8 * MB), 0);
});

test("parts that the store lists are passed over, unless they were cut", () => {
  const size = 20 * MB;
  const all = partsLeft(size, 8 * MB, []);
  assert.deepEqual(all.map(([number]) => number), [1, 2, 3]);
  assert.deepEqual(all[2], [3, 16 * MB, 20 * MB]);
  const stored = [
    { PartNumber: 1, Size: 8 * MB, ETag: "a" },
    { PartNumber: 2, Size: 5, ETag: "b" },
    { PartNumber: 3, Size: 4 * MB, ETag: "c" },
  ];
  assert.deepEqual(partsLeft(size, 8 * MB, stored).map(([number]) => number), [2]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { boxesOf, judgedRanges, playingOrder, type Read } from "./boxes.ts";

const MB = 1024 * 1024;

/** A file of boxes, of which only the headers are really there. */
function film(...boxes: [kind: string, length: number, large?: boolean][]): { read: Read; size: number } {
  const headers = new Map<number, Uint8Array>();
  let size = 0;
  for (const [kind, length, large] of boxes) {
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, large ? 1 : length);
    header.set(new TextEncoder().encode(kind), 4);
    if (large) view.setBigUint64(8, BigInt(length));
    headers.set(size, header);
    size += length;
  }
  const read: Read = async (start, length) => (headers.get(start) ?? new Uint8Array(16)).subarray(0, length);
  return { read, size };
}

test("an index in front leaves the file in its order", async () => {
  const { read, size } = film(["ftyp", 32], ["moov", 5000], ["mdat", 9 * MB]);
  const boxes = await boxesOf(read, size);
  assert.deepEqual(boxes.map((box) => box.kind), ["ftyp", "moov"]);
  assert.deepEqual(playingOrder(boxes, size), [[0, size]]);
  assert.deepEqual(judgedRanges(boxes, size), [[0, MB]]);
});

test("an index behind the media goes first, after what says where it is", async () => {
  const { read, size } = film(["ftyp", 32], ["free", 8], ["mdat", 6 * 1024 * MB, true], ["moov", 5000]);
  const boxes = await boxesOf(read, size);
  const moov = 40 + 6 * 1024 * MB;
  const order = playingOrder(boxes, size);
  assert.deepEqual(order, [
    [0, 56],
    [moov, size],
    [56, moov],
  ]);
  assert.equal(order.reduce((sum, [start, stop]) => sum + stop - start, 0), size);
  assert.deepEqual(judgedRanges(boxes, size), [
    [0, MB],
    [moov, size],
  ]);
});

test("a large index is judged whole, but never more than a preflight takes", async () => {
  const front = film(["ftyp", 32], ["moov", 4 * MB], ["mdat", 9 * MB]);
  assert.deepEqual(judgedRanges(await boxesOf(front.read, front.size), front.size), [[0, 4 * MB + 32]]);
  const behind = film(["ftyp", 32], ["mdat", 9 * MB], ["moov", 40 * MB]);
  const ranges = judgedRanges(await boxesOf(behind.read, behind.size), behind.size);
  assert.equal(ranges.reduce((sum, [start, stop]) => sum + stop - start, 0), 15 * MB);
});

test("what is no MP4, or a damaged one, is sent as it stands", async () => {
  const text = new TextEncoder().encode("This is a text, and no film at all.");
  const read: Read = async (start, length) => text.slice(start, start + length);
  const boxes = await boxesOf(read, text.length);
  assert.deepEqual(playingOrder(boxes, text.length), [[0, text.length]]);
  assert.deepEqual(judgedRanges(boxes, text.length), [[0, text.length]]);
  const endless = film(["ftyp", 32], ["mdat", 0]);
  assert.deepEqual(playingOrder(await boxesOf(endless.read, 1000), 1000), [[0, 1000]]);
  const cut = film(["ftyp", 32], ["mdat", 900]);
  assert.deepEqual((await boxesOf(cut.read, 38)).map((box) => box.kind), ["ftyp"]);
});

/**
 * The boxes at the top of an MP4, found by reading their headers alone, and what follows from their order.
 * Spec: ISO/IEC 14496-12, 4.2. The Python client does the same in `client/parts.py`.
 */

/** Gives `length` bytes from `start`; fewer at the end of the file. */
export type Read = (start: number, length: number) => Promise<Uint8Array>;

/** From the first byte to before the last. */
export type Range = [number, number];

export interface Box {
  kind: string;
  at: number;
  /** Bytes, header included; below 8 where it says nothing. */
  length: number;
}

/** Bytes of the largest box header. */
const HEADER = 16;
/** Boxes that are looked at; films that can be played as they are have a handful. */
const MOST = 64;
/** Bytes of a file's beginning that are judged in any case. */
const HEAD = 1024 * 1024;
/** Bytes that a preflight takes in all, less some for what is around them. */
export const JUDGED = 15 * 1024 * 1024;

/** Reads a File or Blob. */
export function readerOf(file: Blob): Read {
  return async (start, length) => new Uint8Array(await file.slice(start, start + length).arrayBuffer());
}

/** The boxes up to `moov`, to one that makes no sense, or to the end. */
export async function boxesOf(read: Read, size: number): Promise<Box[]> {
  const boxes: Box[] = [];
  for (let at = 0; boxes.length < MOST && at < size; ) {
    const header = await read(at, Math.min(HEADER, size - at));
    if (header.length < 8) break;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    let length = view.getUint32(0);
    // A size of 1 says that the real one, of 64 bits, follows.
    if (length === 1) length = header.length === HEADER ? Number(view.getBigUint64(8)) : 0;
    const kind = String.fromCharCode(...header.subarray(4, 8));
    boxes.push({ kind, at, length });
    if (kind === "moov" || length < 8) break;
    at += length;
  }
  return boxes;
}

/**
 * The order of sending that lets an MP4 be watched while it is sent: its index before its media. Where the index
 * (`moov`) lies behind the media, what stands before the media goes first, so that the index can be found, then
 * the end of the file.
 */
export function playingOrder(boxes: readonly Box[], size: number): Range[] {
  const media = boxes.find((box) => box.kind === "mdat");
  const index = boxes.find((box) => box.kind === "moov");
  if (!media || !index || index.at < media.at) return [[0, size]];
  const start = Math.min(media.at + HEADER, index.at);
  return [
    [0, start],
    [index.at, size],
    [start, index.at],
  ];
}

/** What a preflight needs to see of a file: its head, and its index where that comes last. */
export function judgedRanges(boxes: readonly Box[], size: number): Range[] {
  const index = boxes.find((box) => box.kind === "moov");
  const end = index && index.length >= 8 ? Math.min(size, index.at + index.length) : size;
  if (index && index.at < HEAD) {
    return [[0, Math.min(size, JUDGED, Math.max(HEAD, end))]];
  }
  const head: Range = [0, Math.min(size, HEAD)];
  return index ? [head, [index.at, Math.min(end, index.at + JUDGED - HEAD)]] : [head];
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { wayOf } from "./way.ts";

const able = { isTypeSupported: () => true };
const unable = { isTypeSupported: () => false };

test("media sources go before what the browser can by itself", () => {
  assert.equal(wayOf({ MediaSource: able, ManagedMediaSource: able }, true), "source");
  assert.equal(wayOf({ ManagedMediaSource: able }, true), "managed");
  assert.equal(wayOf({}, true), "native");
});

test("a browser without the codecs is left with the MP4", () => {
  assert.equal(wayOf({ MediaSource: unable }, false), "file");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, duration, percent, timeLeft } from "./words.ts";

test("bytes keep three figures at most and never say 1000", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(1000), "1.0 kB");
  assert.equal(bytes(99_940), "99.9 kB");
  assert.equal(bytes(99_960), "100 kB");
  assert.equal(bytes(999_600), "1.0 MB");
  assert.equal(bytes(5_368_709_120), "5.4 GB");
});

test("durations carry into minutes and hours", () => {
  assert.equal(duration(0.4), "0:00");
  assert.equal(duration(59.6), "1:00");
  assert.equal(duration(754), "12:34");
  assert.equal(duration(3723), "1:02:03");
});

test("time left is rounded up, so that it never promises too much", () => {
  assert.equal(timeLeft(0.1), "1 s");
  assert.equal(timeLeft(59), "59 s");
  assert.equal(timeLeft(61), "2 min");
  assert.equal(timeLeft(7201), "2 h 1 min");
});

test("only what is finished is 100%", () => {
  assert.equal(percent(-1), "0%");
  assert.equal(percent(0.999), "99%");
  assert.equal(percent(1), "100%");
});

test("a clock that is behind the server's says just now", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  assert.equal(ago(now + 5000, now), "just now");
  assert.equal(ago(now - 59_000, now), "just now");
  assert.match(ago(now - 120_000, now), /^2 min/);
  assert.equal(ago(now - 86_400_000, now), "yesterday");
});

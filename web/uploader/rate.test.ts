import assert from "node:assert/strict";
import { test } from "node:test";
import { Rate } from "./rate.ts";

test("there is no telling before a quarter of a second", () => {
  const rate = new Rate();
  rate.note(0, 0);
  rate.note(200, 5000);
  assert.equal(rate.perSecond, null);
  assert.equal(rate.secondsLeft(10_000), null);
});

test("a steady upload has its rate and its end", () => {
  const rate = new Rate();
  for (let at = 0; at <= 10_000; at += 100) rate.note(at, at * 50);
  assert.equal(rate.perSecond, 50_000);
  assert.equal(rate.secondsLeft(1_000_000), 10);
});

test("the last seconds count, not the first", () => {
  const rate = new Rate(1000);
  for (let at = 0; at <= 5000; at += 100) rate.note(at, at * 100);
  for (let at = 5100; at <= 8000; at += 100) rate.note(at, 500_000 + (at - 5000));
  assert.equal(rate.perSecond, 1000);
});

test("a stalled upload promises no end", () => {
  const rate = new Rate(1000);
  rate.note(0, 0);
  rate.note(1000, 1000);
  rate.note(3000, 1000);
  rate.note(5000, 1000);
  assert.equal(rate.perSecond, 0);
  assert.equal(rate.secondsLeft(2000), null);
});

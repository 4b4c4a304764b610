import assert from "node:assert/strict";
import { test } from "node:test";
import { unreachable } from "../plain/problem.ts";
import { eventsOf } from "./events.ts";
import { begun, isOver, isUnderWay, Store, type UploadState } from "./state.ts";

const FILE = { name: "clip.mp4", size: 2_000_000, type: "video/mp4" };

test("each change makes its events, and upload-change with all of them", () => {
  const told: string[] = [];
  const store = new Store((now, before) => told.push(...eventsOf(now, before)));
  const said = (change: Partial<UploadState>): string[] => {
    told.length = 0;
    store.set("a", change);
    return told.filter((name) => name !== "upload-change");
  };
  store.add(begun("a", FILE));
  assert.deepEqual(told, ["upload-added", "upload-change"]);
  const verdict = { verdict: "fit", reasons: [], error: null, source: null, plan: null } as const;
  assert.deepEqual(said({ verdict: { ...verdict, reasons: [] }, step: "waiting" }), ["preflight"]);
  assert.deepEqual(said({ step: "sending" }), []);
  assert.deepEqual(said({ sent: 5 }), ["upload-progress"]);
  assert.deepEqual(said({ step: "paused" }), ["upload-paused"]);
  assert.deepEqual(said({ step: "waiting" }), ["upload-resumed"]);
  assert.deepEqual(said({ step: "stalled", problem: unreachable() }), ["upload-stalled"]);
  assert.deepEqual(said({ step: "failed" }), ["upload-error"]);
  assert.deepEqual(said({ step: "done", sent: 10 }), ["upload-progress", "upload-complete"]);
  assert.deepEqual(said({ step: "cancelled" }), ["upload-cancelled"]);
  told.length = 0;
  store.remove("a");
  store.set("a", { step: "waiting" });
  assert.deepEqual(told, []);
});

test("a file that is refused at once is added and told as an error", () => {
  const refused: UploadState = { ...begun("a", FILE), step: "refused" };
  assert.deepEqual(eventsOf(refused, null), ["upload-added", "upload-change", "upload-error"]);
  assert.equal(isOver(refused), true);
  assert.equal(isUnderWay({ ...refused, step: "stalled" }), true);
  assert.equal(isUnderWay({ ...refused, step: "paused" }), false);
});

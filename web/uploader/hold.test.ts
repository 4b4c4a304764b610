import assert from "node:assert/strict";
import { test } from "node:test";
import { Hold } from "./hold.ts";

test("where a page may not have locks, such as in a sandboxed frame, an upload belongs to every tab", async () => {
  const refused = { request: () => Promise.reject(new Error("Access to the Locks API is denied in this context.")) };
  Object.defineProperty(globalThis, "navigator", { value: { locks: refused }, configurable: true });
  assert.equal(await new Hold("a").granted, undefined);
});

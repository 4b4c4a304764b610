import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccepted, refusalOf } from "./rules.ts";

const film = { name: "Clip.MKV", size: 2_000_000, type: "" };

test("accept is read as browsers read it", () => {
  assert.equal(isAccepted(film, ""), true);
  assert.equal(isAccepted(film, "video/*"), false);
  assert.equal(isAccepted(film, "video/*, .mkv"), true);
  assert.equal(isAccepted({ name: "a", type: "video/mp4" }, "video/*"), true);
  assert.equal(isAccepted({ name: "a", type: "video/mp4" }, "video/webm"), false);
});

test("a file is refused with what speaks against it", () => {
  const rules = { accept: ".mkv", maxBytes: 2_000_000 };
  assert.equal(refusalOf(film, rules), null);
  assert.equal(refusalOf({ ...film, size: 0 }, rules)?.code, "empty_file");
  const large = refusalOf({ ...film, size: 3_000_000 }, rules);
  assert.equal(large?.sentence, "The file has 3.0 MB; up to 2.0 MB can be sent here.");
  assert.equal(refusalOf({ ...film, name: "text.txt" }, rules)?.code, "not_accepted");
});

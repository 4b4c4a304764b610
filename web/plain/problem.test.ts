import assert from "node:assert/strict";
import { test } from "node:test";
import { problemOf } from "./problem.ts";

test("a problem is split into what happened and what to do", () => {
  const body = {
    title: "The file is empty.",
    status: 422,
    detail: "clip.mp4 has no bytes.",
    code: "empty_file",
    message: "clip.mp4 has no bytes. Upload a file that has bytes in it.",
    docs_url: "https://example.com/empty_file",
  };
  const problem = problemOf(422, JSON.stringify(body));
  assert.equal(problem.sentence, "clip.mp4 has no bytes.");
  assert.equal(problem.remedy, "Upload a file that has bytes in it.");
  assert.equal(problem.code, "empty_file");
  assert.equal(problem.docsUrl, "https://example.com/empty_file");
  assert.equal(problem.passing, false);
});

test("a bare message is the whole of it", () => {
  const problem = problemOf(409, '{"message": "Not now."}');
  assert.equal(problem.sentence, "Not now.");
  assert.equal(problem.remedy, "");
  assert.equal(problem.code, "http_409");
});

test("an answer that is no JSON, or none of ours, still ends in a sentence", () => {
  for (const body of ["<html>Bad gateway</html>", "", "null", "[]", '{"message": 7}']) {
    const problem = problemOf(502, body);
    assert.equal(problem.sentence, "The server answered 502 without saying why.");
    assert.equal(problem.passing, true);
  }
});

// Runs every *.test.ts under Node's own test runner; esbuild strips the types, as Node 20 cannot.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tests = ["dashboard", "plain", "player", "uploader"].flatMap((folder) =>
  readdirSync(join(here, folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name)),
);
if (tests.length === 0) throw new Error("There is no *.test.ts to run.");

const scratch = mkdtempSync(join(tmpdir(), "playhead-web-"));
try {
  await build({
    absWorkingDir: here,
    entryPoints: tests,
    outdir: scratch,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    sourcemap: "inline",
  });
  const made = readdirSync(scratch, { recursive: true })
    .map((name) => join(scratch, String(name)))
    .filter((path) => path.endsWith(".mjs"));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...made], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

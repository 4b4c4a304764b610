// Builds the web assets into the Python package, where `playback/assets.py` serves them from:
//   static/index.html            the dashboard, naming its assets by their hashed names
//   static/assets/NAME-HASH.EXT  everything else, safe to cache for ever
//   static/manifest.json         logical name → path below static/
// Everything is made in memory first, so a build that fails leaves the last good one alone.

import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, "../src/playhead/playback/static");

const result = await build({
  absWorkingDir: here,
  entryPoints: [
    "dashboard/dashboard.ts",
    "dashboard/dashboard.css",
    "dashboard/icon.svg",
    "player/player.ts",
    "player/embed.css",
  ],
  outdir: out,
  entryNames: "assets/[name]-[hash]",
  bundle: true,
  format: "esm",
  minify: true,
  // The oldest browsers with what the pages rest on: modules, aspect-ratio, <dialog>, :focus-visible.
  target: ["chrome109", "firefox115", "safari16"],
  loader: { ".svg": "copy" },
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  write: false,
});

/** @type {Record<string, string>} */
const manifest = {};
for (const [path, made] of Object.entries(result.metafile.outputs)) {
  if (!made.entryPoint) continue;
  const logical = basename(made.entryPoint).replace(/\.ts$/, ".js");
  manifest[logical] = relative(out, resolve(here, path));
}

const template = await readFile(resolve(here, "dashboard/index.html"), "utf8");
const page = template.replace(/\{\{([^}]+)\}\}/g, (_, name) => {
  const path = manifest[name];
  if (!path) throw new Error(`dashboard/index.html names {{${name}}}, which the build does not make`);
  return `/${path}`;
});

await rm(out, { recursive: true, force: true });
await mkdir(resolve(out, "assets"), { recursive: true });
await Promise.all([
  ...result.outputFiles.map((file) => writeFile(file.path, file.contents)),
  writeFile(resolve(out, "index.html"), page),
  writeFile(resolve(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`),
]);

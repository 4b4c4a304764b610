// Builds the web assets into the Python package, where `playback/assets.py` serves them from:
//   static/index.html            the dashboard, naming its assets by their hashed names
//   static/assets/NAME-HASH.EXT  everything else, safe to cache for ever; with the licences of what others wrote
//   static/manifest.json         logical name → path below static/
// Everything is made in memory first, so a build that fails leaves the last good one alone.

import { build } from "esbuild";
import { sheetsAsText } from "./sheets.mjs";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, "../src/playhead/playback/static");

/** What both builds below share. @type {import("esbuild").BuildOptions} */
const shared = {
  absWorkingDir: here,
  outdir: out,
  entryNames: "assets/[name]-[hash]",
  bundle: true,
  format: "esm",
  minify: true,
  // The oldest browsers with what the pages rest on: modules, aspect-ratio, <dialog>, :focus-visible.
  target: ["chrome109", "firefox115", "safari16"],
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  write: false,
};

// hls.js from its own sources, as only those leave out what our streams do not use: 138 kB instead of 185.
const engine = await build({
  ...shared,
  entryPoints: ["player/engine.ts"],
  alias: { "hls.js": resolve(here, "node_modules/hls.js/src/hls.ts") },
  define: hlsDefines(),
  plugins: [cmcdLeftOut()],
  banner: { js: "/* With hls.js and what it needs, whose licences are beside this file. */" },
});

// The uploader, whose style goes into its shadow tree; with tus-js-client.
const uploader = await build({
  ...shared,
  entryPoints: ["uploader/uploader.ts"],
  plugins: [sheetsAsText],
  banner: { js: "/* With tus-js-client and what it needs, whose licences are in licenses.txt beside its build. */" },
});

// The rest names the engine by its hashed name, as it is fetched only when it is needed.
const pages = await build({
  ...shared,
  entryPoints: [
    "dashboard/dashboard.ts",
    "dashboard/dashboard.css",
    "dashboard/icon.svg",
    "player/player.ts",
    "player/embed.css",
  ],
  loader: { ".svg": "copy" },
  define: { ENGINE_PATH: JSON.stringify(`/${Object.values(logicalNames(engine))[0]}`) },
});

const licenses = await licensesOf(engine, uploader);
const digest = createHash("sha256").update(licenses).digest("hex").slice(0, 8).toUpperCase();
const manifest = { ...logicalNames(engine), ...logicalNames(uploader), ...logicalNames(pages), "licenses.txt": `assets/licenses-${digest}.txt` };

const template = await readFile(resolve(here, "dashboard/index.html"), "utf8");
const page = template.replace(/\{\{([^}]+)\}\}/g, (_, name) => {
  const path = manifest[name];
  if (!path) throw new Error(`dashboard/index.html names {{${name}}}, which the build does not make`);
  return `/${path}`;
});

await rm(out, { recursive: true, force: true });
await mkdir(resolve(out, "assets"), { recursive: true });
await Promise.all([
  ...[engine, uploader, pages].flatMap((made) => made.outputFiles).map((file) => writeFile(file.path, file.contents)),
  writeFile(resolve(out, "index.html"), page),
  writeFile(resolve(out, manifest["licenses.txt"]), licenses),
  writeFile(resolve(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`),
]);

/**
 * Logical name → path below static/, of what a build was asked for.
 * @param {import("esbuild").BuildResult<{ metafile: true }>} result
 */
function logicalNames(result) {
  /** @type {Record<string, string>} */
  const names = {};
  for (const [path, made] of Object.entries(result.metafile.outputs)) {
    if (!made.entryPoint) continue;
    names[basename(made.entryPoint).replace(/\.ts$/, ".js")] = relative(out, resolve(here, path));
  }
  return names;
}

/** The switches of hls.js's own build: sound and captions beside the pictures, and nothing else. */
function hlsDefines() {
  const left = [
    "CMCD",
    "CONTENT_STEERING",
    "EME_DRM",
    "IFRAMES",
    "INTERSTITIALS",
    "M2TS_ADVANCED_CODECS",
    "MEDIA_CAPABILITIES",
    "VARIABLE_SUBSTITUTION",
  ];
  const version = JSON.parse(readFileSync(resolve(here, "node_modules/hls.js/package.json"), "utf8")).version;
  return {
    __USE_ALT_AUDIO__: "true",
    __USE_SUBTITLES__: "true",
    ...Object.fromEntries(left.map((name) => [`__USE_${name}__`, "false"])),
    __VERSION__: JSON.stringify(version),
    __HLS_WORKER_BUNDLE__: "undefined",
    __IN_WORKER__: "false",
  };
}

/** A module of hls.js that is left out imports it; this keeps the import from staying behind. */
function cmcdLeftOut() {
  return {
    name: "cmcd-left-out",
    /** @param {import("esbuild").PluginBuild} building */
    setup(building) {
      const answer = { external: true, sideEffects: false };
      building.onResolve({ filter: /^@svta\/cml-cmcd$/ }, ({ path }) => ({ path, ...answer }));
    },
  };
}

/**
 * The licences of the packages in some builds, which have to go with them.
 * @param {import("esbuild").BuildResult<{ metafile: true }>[]} results
 */
async function licensesOf(...results) {
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs));
  const found = inputs.map((path) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  const packages = [...new Set(found.filter((name) => name !== undefined))].sort();
  const texts = packages.map(async (name) => {
    const folder = resolve(here, "node_modules", name);
    const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.|$)/i.test(one));
    if (!file) throw new Error(`${name} comes without its licence`);
    return `${name}\n\n${(await readFile(resolve(folder, file), "utf8")).trim()}\n`;
  });
  return (await Promise.all(texts)).join("\n\n");
}

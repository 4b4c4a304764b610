// Makes the npm package @playhead/uploader in dist/uploader/, ready for `npm pack` or `npm publish` there:
//   index.js   defines <playhead-uploader>
//   react.js   the same as a React component; shares its code with the first
//   types/     their declarations
// What others wrote is not bundled but depended on, so that a page's own bundler sees it once.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sheetsAsText } from "./sheets.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, "dist/uploader");
const own = JSON.parse(await readFile(resolve(here, "package.json"), "utf8"));
const project = await readFile(resolve(here, "../pyproject.toml"), "utf8");
const version = /^version = "([^"]+)"/m.exec(project)?.[1];
if (!version) throw new Error("pyproject.toml names no version");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ["uploader/index.ts", "uploader/react.ts"],
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: "shared-[hash]",
  format: "esm",
  target: ["chrome109", "firefox115", "safari16"],
  external: ["tus-js-client", "react"],
  plugins: [sheetsAsText],
});
const types = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.package.json"], {
  cwd: here,
  stdio: "inherit",
});
if (types.status !== 0) throw new Error("The package's types could not be made");
await keepReachable(["uploader/index.d.ts", "uploader/react.d.ts"]);

const entry = (/** @type {string} */ name) => ({
  types: `./types/uploader/${name}.d.ts`,
  default: `./${name}.js`,
});
const manifest = {
  name: "@playhead/uploader",
  version,
  description: "Playhead's upload element: resumable, over every interruption.",
  type: "module",
  license: "Apache-2.0",
  // Importing either defines the element.
  sideEffects: true,
  exports: { ".": entry("index"), "./react": entry("react") },
  types: entry("index").types,
  dependencies: { "tus-js-client": own.dependencies["tus-js-client"] },
  peerDependencies: { react: ">=18" },
  peerDependenciesMeta: { react: { optional: true } },
};
await Promise.all([
  writeFile(resolve(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`),
  cp(resolve(here, "../docs/uploader.md"), resolve(out, "README.md")),
  cp(resolve(here, "../LICENSE"), resolve(out, "LICENSE")),
]);

/**
 * Removes the declarations that the package's own do not lead to: they are of what is private.
 * @param {string[]} entries
 */
async function keepReachable(entries) {
  const folder = resolve(out, "types");
  const kept = new Set(entries);
  for (const name of kept) {
    const text = await readFile(resolve(folder, name), "utf8");
    for (const [, path = ""] of text.matchAll(/(?:from|import) "(\.[^"]+)\.ts"/g)) {
      kept.add(join(dirname(name), `${path}.d.ts`));
    }
  }
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = resolve(found.parentPath ?? found.path, found.name);
    if (found.isFile() && !kept.has(relative(folder, path))) await rm(path);
  }
}

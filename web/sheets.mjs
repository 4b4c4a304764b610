// Lets a script import a style sheet as text, made small: for shadow trees, which take no sheet of the page's.

import { build } from "esbuild";

/** @type {import("esbuild").Plugin} */
export const sheetsAsText = {
  name: "sheets-as-text",
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { target } = building.initialOptions;
      const made = await build({ entryPoints: [path], bundle: true, minify: true, target, write: false });
      return { contents: made.outputFiles[0]?.text ?? "", loader: "text" };
    });
  },
};

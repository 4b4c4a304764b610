// Runs one client in Node: its name, a path and its options as JSON. Ends with 0, or says why not.
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import * as clients from "./clients.js";

const [name, path, options] = process.argv.slice(2);
const file = name === "tusJs" ? await readFile(path) : await openAsBlob(path);
await clients[name](file, JSON.parse(options));

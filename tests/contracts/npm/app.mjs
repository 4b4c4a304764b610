// A customer's application: the one thing a contract test stands for. It holds the API key, serves its own pages
// from its own origin, and reaches Playhead only through the published packages, unmodified.
//
// Environment: PLAYHEAD_BASE_URL (with /api), PLAYHEAD_KEY, PAGES (the folder of the bundled pages).
// Prints the port it listens on as its first line.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";

import { HyperserveClient } from "@hyperserve/hyperserve-js";

import { backend } from "./backend.mjs";
import { callClient } from "./client_calls.mjs";
import { Receiver } from "./receiver.mjs";

const { PLAYHEAD_BASE_URL: baseUrl, PLAYHEAD_KEY: apiKey, PAGES: pages } = process.env;
const receiver = new Receiver();
const ofThisApp = backend(new HyperserveClient({ apiKey, baseUrl }));

const routes = [
  ["POST", /^\/client$/, async (request) => callClient(baseUrl, apiKey, JSON.parse(await text(request)))],
  ["PUT", /^\/webhooks\/(\w+)$/, async (request, name) => receiver.expect(name, JSON.parse(await text(request)))],
  ["GET", /^\/webhooks\/(\w+)$/, async (_, name) => receiver.received(name)],
  ["POST", /^\/api\/create-upload$/, async (request) => ofThisApp.createUpload(JSON.parse(await text(request)))],
  ["POST", /^\/api\/complete-upload\/([\w-]+)$/, async (_, id) => ofThisApp.completeUpload(id)],
  ["GET", /^\/api\/video-status\/([\w-]+)$/, async (_, id) => ofThisApp.videoStatus(id)],
];

const server = createServer(async (request, response) => {
  try {
    const path = new URL(request.url, "http://app").pathname;
    const hook = path.match(/^\/hook\/(\w+)$/);
    if (request.method === "POST" && hook) {
      const status = await receiver.take(hook[1], request.headers, await text(request));
      response.writeHead(status).end();
      return;
    }
    for (const [method, pattern, act] of routes) {
      const found = path.match(pattern);
      if (request.method !== method || !found) continue;
      const answer = JSON.stringify((await act(request, found[1])) ?? null);
      response.writeHead(200, { "Content-Type": "application/json" }).end(answer);
      return;
    }
    await page(path, response);
  } catch (error) {
    response.writeHead(500, { "Content-Type": "text/plain" }).end(String(error?.stack ?? error));
  }
});

async function page(path, response) {
  const name = basename(path);
  if (name.endsWith(".js")) {
    response.writeHead(200, { "Content-Type": "text/javascript" }).end(await readFile(join(pages, name)));
    return;
  }
  const script = `<script type="module" src="/${name}.js"></script>`;
  const html = `<!doctype html><title>${name}</title><link rel="icon" href="data:,"><main id="app"></main>${script}`;
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html);
}

async function text(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

server.listen(0, "127.0.0.1", () => console.log(server.address().port));

// Carries one call from a test to the published client and tells exactly what came of it.

import { createReadStream, openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";

import * as hyperserve from "@hyperserve/hyperserve-js";

const errorClasses = Object.entries(hyperserve).filter(([name]) => name.endsWith("Error"));

/** `{method, args, options?}` to `{value}` or `{error}`; `options` go to the client's constructor. */
export async function callClient(baseUrl, apiKey, { method, args, options }) {
  try {
    if (method === "verifyWebhookSignature") return { value: await hyperserve.verifyWebhookSignature(...args) };
    const client = new hyperserve.HyperserveClient({ apiKey, baseUrl, ...options });
    const value = await client[method](...(await Promise.all(args.map(withFile))));
    return { value: value ?? null };
  } catch (error) {
    return { error: describe(error) };
  }
}

function describe(error) {
  return {
    classes: errorClasses.filter(([, kind]) => error instanceof kind).map(([name]) => name),
    name: error.name,
    message: error.message,
    statusCode: error.statusCode ?? null,
    uploadStatus: error.uploadStatus ?? null,
    detail: error.detail ?? null,
  };
}

/** A file named by its path becomes one of the three kinds uploadVideo takes. */
async function withFile(arg) {
  if (!arg?.file?.path) return arg;
  const { path, as } = arg.file;
  const kinds = {
    blob: () => openAsBlob(path),
    buffer: () => readFile(path),
    stream: () => Readable.toWeb(createReadStream(path)),
  };
  return { ...arg, file: await kinds[as]() };
}

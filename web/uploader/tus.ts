import { DetailedError, Upload } from "tus-js-client";
import { Problem, problemOf, unreachable } from "../plain/problem.ts";
import { bytes } from "../plain/words.ts";
import type { Courier } from "./courier.ts";
import { demand, Stopped, Watch } from "./http.ts";
import { standing } from "./ranges.ts";

/**
 * Sends by tus 1.0, from the server's offset. The client only gets the upload's own URL, never one to create at:
 * given one, it answers a server that is busy for a moment by beginning anew.
 */
export const sendByTus: Courier = ({ file, place, options, signal, onSent }) =>
  new Promise((resolve, reject) => {
    const watch = new Watch(() => end(() => reject(unreachable()), true));
    let expected = file.size;
    const upload = new Upload(file, {
      uploadUrl: place.url,
      chunkSize: options.chunkBytes,
      // What is tried again, and when, is settled in one place for every way of sending.
      retryDelays: null,
      // The URL is kept in a place that survives a kill; localStorage does not.
      storeFingerprintForResuming: false,
      onProgress: (sent, total) => {
        onSent(sent);
        if (sent < total) watch.moved();
        else watch.end();
      },
      onAfterResponse: (request, response) => {
        if (request.getMethod() === "HEAD") expected = Number(response.getHeader("Upload-Length") ?? expected);
      },
      // It takes a file for sent when all of it has gone, also one that is shorter than what the server waits for.
      onSuccess: () => end(expected === file.size ? resolve : () => reject(otherSize(expected, file.size)), false),
      onError: (error) => end(() => void problemOfTus(error, place.url, file.size, signal).then(reject, reject), false),
    });
    const stop = (): void => end(() => reject(new Stopped()), true);
    const end = (settle: () => void, abort: boolean): void => {
      watch.end();
      signal.removeEventListener("abort", stop);
      if (abort) void upload.abort();
      settle();
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) return stop();
    watch.moved();
    upload.start();
  });

function otherSize(expected: number, size: number): Problem {
  const sentence = `The server waits for a file of ${bytes(expected)}; this one has ${bytes(size)}.`;
  return new Problem(400, "other_file", sentence, "Send it as a new upload.");
}

/** A HEAD has no body to say why; the same URL asked by Content-Range does. */
async function problemOfTus(error: Error, url: string, size: number, signal: AbortSignal): Promise<Problem> {
  const answer = error instanceof DetailedError ? error.originalResponse : null;
  if (!answer) return unreachable();
  const body = answer.getBody();
  if (body || answer.getStatus() >= 500) return problemOf(answer.getStatus(), body);
  await standing(url, size, signal);
  return problemOf(answer.getStatus(), "");
}

/**
 * Makes a new upload (tus creation): its URL, and what the answer says beside it. Asked again for the same
 * `beginning`, as when the answer was lost, it is the same one.
 */
export async function createByTus(
  endpoint: string,
  size: number,
  metadata: Readonly<Record<string, string>>,
  beginning: string,
): Promise<{ url: string; expiresAt: number | null; header: (name: string) => string | null }> {
  const pairs = Object.entries(metadata).map(([name, value]) => `${name} ${base64(value)}`);
  const headers = {
    "Tus-Resumable": "1.0.0",
    "Idempotency-Key": beginning,
    "Upload-Length": String(size),
    "Upload-Metadata": pairs.join(","),
  };
  const { status, header } = await demand({ method: "POST", url: endpoint, headers });
  const location = header("Location");
  if (!location) throw problemOf(status, "");
  const expires = Date.parse(header("Upload-Expires") ?? "");
  const url = new URL(location, new URL(endpoint, document.baseURI)).href;
  return { url, expiresAt: Number.isNaN(expires) ? null : expires, header };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

import { Problem, problemOf, unreachable } from "../plain/problem.ts";

/** Thrown where the user stopped what was going on; no failure. */
export class Stopped extends Error {}

/** Milliseconds without a byte moving after which a connection is taken for dead. */
const DEAD = 60_000;

export interface Answer {
  status: number;
  text: string;
  /** A header that the server exposes; null where there is none. */
  header: (name: string) => string | null;
}

export interface Request {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: Blob | FormData | string | null;
  signal?: AbortSignal;
  /** Bytes of the body that have gone so far. */
  onSent?: (bytes: number) => void;
}

/**
 * One request, and its answer whatever it is; by XMLHttpRequest, as fetch cannot tell how much of a body has gone.
 * Rejects with `Stopped` when `signal` is aborted and with the problem `unreachable` when no answer comes.
 */
export function ask({ method, url, headers = {}, body = null, signal, onSent }: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Stopped());
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    const watch = new Watch(stop);
    signal?.addEventListener("abort", stop);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    // Who listens makes the browser ask the server's leave first, which a small question can do without.
    if (onSent) {
      request.upload.onprogress = ({ loaded, total }) => {
        onSent(loaded);
        // After the last byte the server may take its time to write and to judge.
        if (loaded < total) watch.moved();
        else watch.end();
      };
    }
    request.onload = () =>
      resolve({
        status: request.status,
        text: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal?.aborted ? new Stopped() : unreachable());
    request.onloadend = () => {
      watch.end();
      signal?.removeEventListener("abort", stop);
    };
    request.send(body);
    if (onSent) watch.moved();
  });
}

/** As `ask`, but an answer that is no success is thrown as the server's problem. */
export async function demand(request: Request): Promise<Answer> {
  const answer = await ask(request);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw problemOf(answer.status, answer.text);
}

/** Calls `act` when nothing has moved for a minute. */
export class Watch {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly act: () => void) {}

  moved(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.act, DEAD);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

/** A problem from whatever was thrown; a page's own code may throw anything. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const told = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const text = (name: string): string => (typeof told[name] === "string" ? (told[name] as string) : "");
  // A Problem of another bundle's is one too.
  const status = typeof told["status"] === "number" ? told["status"] : 400;
  const sentence = text("sentence") || text("message") || String(error);
  return new Problem(status, text("code") || "failed", sentence, text("remedy"), text("docsUrl") || null);
}

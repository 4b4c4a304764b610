/** A failure in the server's words: what happened, what to do, and where to read more. */
export class Problem extends Error {
  constructor(
    /** HTTP status; 0 when no answer arrived. */
    readonly status: number,
    readonly code: string,
    /** What happened. */
    readonly sentence: string,
    /** What the user can do. Empty when the server says it within `sentence`. */
    readonly remedy: string,
    readonly docsUrl: string | null = null,
  ) {
    super(remedy ? `${sentence} ${remedy}` : sentence);
  }

  /** Whether the same request, unchanged, may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem an answer carries: `application/problem+json`, or JSON with a `message`, or neither. */
export function problemOf(status: number, body: string): Problem {
  const told = read(body);
  const detail = text(told["detail"]);
  const message = text(told["message"]);
  const code = text(told["code"]) || `http_${status}`;
  const docsUrl = text(told["docs_url"]) || null;
  if (detail && message.startsWith(detail)) {
    return new Problem(status, code, detail, message.slice(detail.length).trim(), docsUrl);
  }
  const sentence = message || detail || text(told["title"]);
  if (sentence) return new Problem(status, code, sentence, "", docsUrl);
  return new Problem(
    status,
    code,
    `The server answered ${status} without saying why.`,
    "Try again; if it repeats, look at the server's log.",
  );
}

/** No answer arrived at all. */
export function unreachable(): Problem {
  return new Problem(
    0,
    "unreachable",
    "The server cannot be reached.",
    "Check that it is running and that you are online, then try again.",
  );
}

/** Why a video or a rendition failed, or a file was refused, as answers carry it. */
export interface Failure {
  code: string;
  message: string;
  remedy: string;
  docs_url: string;
}

/** The problem of a video or rendition that failed in processing, or of a file that was refused. */
export function problemOfFailure(failure: Failure): Problem {
  return new Problem(200, failure.code, failure.message, failure.remedy, failure.docs_url);
}

function read(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

import type { Created, Grant, Resolution, Video, VideoPage } from "./contract.ts";
import { problemOf, unreachable } from "../plain/problem.ts";

/** What the user asks for a new video. */
export interface Wish {
  resolutions: Resolution[];
  isPublic: boolean;
}

/** The server's calls this page makes. Every failure is a `Problem`. */
export class Api {
  constructor(
    private readonly key: string,
    /** Called when the server no longer takes the key. */
    private readonly onRefused: () => void,
  ) {}

  /** Newest first. */
  list(limit: number, cursor: string | null = null): Promise<VideoPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor) query.set("cursor", cursor);
    return this.json("GET", `/v1/videos?${query}`);
  }

  video(id: string): Promise<Video> {
    return this.json("GET", `/v1/videos/${id}`);
  }

  async remove(id: string): Promise<void> {
    await this.call("DELETE", `/v1/videos/${id}`);
  }

  /** An upload that completes by itself once its last byte is there. */
  create(file: File, { resolutions, isPublic }: Wish): Promise<Created> {
    const wish = { resolutions, is_public: isPublic, auto_complete: true };
    return this.json("POST", "/v1/uploads", { filename: file.name, size: file.size, ...wish });
  }

  /** Lets files be judged before they are sent, for as long as the page is likely to stay open. */
  grant(): Promise<Grant> {
    return this.json("POST", "/v1/upload-grants", { expires_in_seconds: 24 * 3600 });
  }

  private async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call(method, path, body);
    return (await answer.json()) as T;
  }

  private async call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { "X-API-KEY": this.key, Accept: "application/json" };
    const request: RequestInit = { method, headers, cache: "no-store" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let answer: Response;
    try {
      answer = await fetch(path, request);
    } catch (error) {
      // The one thing fetch rejects with, short of an abort, which this page never asks for.
      if (error instanceof TypeError) throw unreachable();
      throw error;
    }
    if (answer.ok) return answer;
    if (answer.status === 401) this.onRefused();
    throw problemOf(answer.status, await answer.text());
  }
}

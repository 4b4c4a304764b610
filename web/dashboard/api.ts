import type { Created, Resolution, Video, VideoPage } from "./contract.ts";
import { problemOf, unreachable } from "./problem.ts";

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

  create(file: File, wish: Wish): Promise<Created> {
    return this.json("POST", "/api/video", { filename: file.name, fileSizeBytes: file.size, ...wish });
  }

  async complete(id: string): Promise<void> {
    await this.call("POST", `/api/video/${id}/complete-upload`, {});
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

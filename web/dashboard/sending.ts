import type { Wish } from "./api.ts";
import type { Resolution } from "./contract.ts";
import type { PlayheadUploader } from "../uploader/uploader.ts";
import { isUnderWay, type UploadState } from "../uploader/state.ts";

/** What is kept with a file, over a restart of the browser too, of what the user asked for. */
export function metadataOf({ resolutions, isPublic }: Wish): Record<string, string> {
  return { resolutions: resolutions.join(","), is_public: String(isPublic) };
}

/** What was asked for, from what is kept with the file. */
export function wishOf(metadata: Readonly<Record<string, string>>): Wish {
  const { resolutions = "", is_public: isPublic } = metadata;
  return { resolutions: resolutions.split(",") as Resolution[], isPublic: isPublic !== "false" };
}

/** One upload of the element's, as the list of videos has it. */
export class Sending {
  constructor(
    private readonly uploader: PlayheadUploader,
    /** As it stood last; whoever hears of a change sets it. */
    public state: UploadState,
  ) {}

  get name(): string {
    return this.state.name;
  }

  /** The video's id, once the server has given one. */
  get videoId(): string | null {
    return this.state.videoId;
  }

  get underWay(): boolean {
    return isUnderWay(this.state);
  }

  pause(): void {
    this.uploader.pause(this.state.id);
  }

  resume(): void {
    this.uploader.resume(this.state.id);
  }

  /**
   * Stops sending and tells the server; of one that is over, only the element's memory of it goes. The video's id,
   * if there is one.
   */
  cancel(): Promise<string | null> {
    return this.uploader.cancel(this.state.id);
  }
}

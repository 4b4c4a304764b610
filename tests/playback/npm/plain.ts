// The package's types without React, as strict as they come: checked, and never run.

import { type CreateUpload, PlayheadUploader, type UploadState } from "@playhead/uploader";

const uploader = document.querySelector("playhead-uploader");
if (!(uploader instanceof PlayheadUploader)) throw new Error("It is not defined.");
const createUpload: CreateUpload = async (file, metadata) => {
  const answer = await fetch("/uploads", { method: "POST", body: JSON.stringify({ name: file.name, ...metadata }) });
  return (await answer.json()) as { url: string; videoId: string };
};
uploader.createUpload = createUpload;
uploader.addEventListener("files-chosen", (event) => {
  event.detail.metadata["shelf"] = String(event.detail.files.length);
});
uploader.addEventListener("upload-complete", ({ detail }) => {
  const state: UploadState = detail;
  const id: string | null = state.videoId;
  // @ts-expect-error: states are replaced, never changed
  state.step = "waiting";
  console.log(id);
});
const ids: string[] = uploader.add([new File([], "a.mp4")], { shelf: "seven" });
uploader.pause(ids[0] ?? "");

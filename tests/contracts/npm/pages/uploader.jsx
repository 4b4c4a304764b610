// The published uploader with its React components and the Hyperserve adapter, set up as their documentation shows.

import { UploadProvider, useUpload } from "@hyperserve/video-uploader";
import { createHyperserveConfig } from "@hyperserve/video-uploader-adapter-hyperserve";
import { DropZone, FileList, FileListToolbar, ViewModeProvider } from "@hyperserve/video-uploader-react";
import { createRoot } from "react-dom/client";

/** Every distinct state a file went through, for the test to read. */
window.seen = [];

const config = createHyperserveConfig({
  createUpload: async (file, options) => {
    const answer = await fetch("/api/create-upload", {
      method: "POST",
      body: JSON.stringify({ name: file.raw.name, size: file.raw.size, ...options }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  },
  completeUpload: async (videoId) => {
    const answer = await fetch(`/api/complete-upload/${videoId}`, { method: "POST" });
    if (!answer.ok) throw new Error(await answer.text());
  },
  pollVideoStatus: async (videoId) => (await fetch(`/api/video-status/${videoId}`)).json(),
  pollingIntervalMs: 250,
  uploadOptions: {
    custom_user_metadata: { album: "summer" },
    isPublic: true,
    resolutions: ["144p", "240p"],
    thumbnail_timestamps_seconds: [0.5],
  },
});

function Watcher() {
  const { files } = useUpload();
  for (const { status, progress, error, playbackUrl, thumbnailUri, videoId } of files) {
    const last = window.seen.at(-1);
    if (last?.status !== status || last.progress !== progress) {
      window.seen.push({ error, playbackUrl, progress, status, thumbnailUri, videoId });
    }
  }
  return null;
}

createRoot(document.querySelector("#app")).render(
  <UploadProvider config={config}>
    <ViewModeProvider>
      <DropZone supportingText="MP4, WebM" />
      <FileListToolbar right={<FileListToolbar.ViewToggle />} />
      <FileList />
      <Watcher />
    </ViewModeProvider>
  </UploadProvider>,
);

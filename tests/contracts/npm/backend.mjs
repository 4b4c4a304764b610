// The three routes an application has for the uploader, which its adapter's documentation asks for.

/** Status names of the uploader's poller, by the video's. */
const STATUS = { fail: "failed", ready: "ready" };

export function backend(hyperserve) {
  return {
    async createUpload({ name, size, ...options }) {
      const upload = await hyperserve.createVideo({
        filename: name,
        fileSizeBytes: size,
        resolutions: options.resolutions,
        isPublic: options.isPublic,
        thumbnailTimestampsSeconds: options.thumbnail_timestamps_seconds,
        customMetadata: options.custom_user_metadata,
      });
      return { videoId: upload.id, uploadUrl: upload.uploadUrl, contentType: upload.contentType };
    },
    async completeUpload(videoId) {
      await hyperserve.completeUpload(videoId);
    },
    async videoStatus(videoId) {
      const video = await hyperserve.getVideo(videoId);
      const best = Object.values(video.resolutions).find((made) => made.status === "ready");
      return {
        status: STATUS[video.status] ?? "processing",
        playbackUrl: best?.videoUrl,
        thumbnailUri: best?.thumbnailImageUrls[0],
      };
    },
  };
}

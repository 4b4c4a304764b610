/** What to tell a viewer, by `MediaError.code` (HTML, "Error codes"); 0 where there is none. */
export function sentenceFor(code: number): string {
  switch (code) {
    case 2: // MEDIA_ERR_NETWORK
      return "The connection was lost while the video was loading.";
    case 3: // MEDIA_ERR_DECODE
      return "This browser could not decode the video.";
    default: // MEDIA_ERR_SRC_NOT_SUPPORTED: also what a missing or expired link ends in
      return "This video cannot be played. It may have been removed, or its link may have expired.";
  }
}

/** For a viewer who waits for pictures that are made at this moment. */
export const PREPARING = "This video is still being prepared. It starts in a moment.";

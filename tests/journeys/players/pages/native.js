// The browser's own player, given the master playlist as it is.

import { drive } from "./watch.js";

drive(async (video, url) => {
  video.crossOrigin = "anonymous";
  video.src = url;
  await new Promise((done) => video.addEventListener("loadedmetadata", done, { once: true }));
  return { heights: () => [video.videoHeight] };
});

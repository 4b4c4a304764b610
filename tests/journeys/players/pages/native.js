// Chromium's own HLS: a <video> and nothing else. It chooses by itself what it shows and how it sounds.

import { drive } from "./watch.js";

drive(async (video, url) => {
  video.src = url;
  await new Promise((done) => video.addEventListener("loadedmetadata", done, { once: true }));
  return { heights: () => [], sounds: () => [] };
});

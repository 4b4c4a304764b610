// hls.js as its documentation sets it up.

import Hls from "hls.js";
import { drive } from "./watch.js";

drive(async (video, url, failed) => {
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_, { details, fatal, response, error }) => {
    // What it was just loading is let go when another quality is chosen; it tells even that.
    if (details !== Hls.ErrorDetails.INTERNAL_ABORTED)
      failed(`${fatal ? "fatal " : ""}${details} ${response?.code ?? ""} ${error?.message ?? ""}`);
  });
  const read = new Promise((done) => hls.once(Hls.Events.MANIFEST_PARSED, done));
  hls.loadSource(url);
  hls.attachMedia(video);
  await read;
  return {
    heights: () => hls.levels.map((level) => level.height),
    choose: (height) => (hls.currentLevel = hls.levels.findIndex((level) => level.height === height)),
    captions: () => hls.subtitleTracks.map((track) => [track.lang, track.name]),
    caption: (language) => {
      hls.subtitleTrack = hls.subtitleTracks.findIndex((track) => track.lang === language);
      hls.subtitleDisplay = true;
    },
    sounds: () => hls.audioTracks.map((track) => track.lang),
    listen: (language) => (hls.audioTrack = hls.audioTracks.findIndex((track) => track.lang === language)),
  };
});

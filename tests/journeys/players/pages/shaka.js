// Shaka Player as its documentation sets it up; it plays HLS and DASH.

import shaka from "shaka-player/dist/shaka-player.compiled.js";
import { drive } from "./watch.js";

shaka.polyfill.installAll();

drive(async (video, url, failed) => {
  const player = new shaka.Player();
  await player.attach(video);
  player.addEventListener("error", ({ detail }) => failed(`${detail.severity === 2 ? "fatal " : ""}${detail.code}`));
  await player.load(url);
  const tracks = () => player.getVariantTracks();
  return {
    heights: () => [...new Set(tracks().map((track) => track.height))],
    choose: (height) => {
      player.configure({ abr: { enabled: false } });
      const now = tracks().find((track) => track.active);
      const same = (track) => track.height === height && track.language === now.language;
      player.selectVariantTrack(tracks().find(same), true);
    },
    captions: () => player.getTextTracks().map((track) => [track.language, track.label]),
    caption: (language) => player.selectTextTrack(player.getTextTracks().find((track) => track.language === language)),
    sounds: () => player.getAudioTracks().map((track) => track.language),
    listen: (language) =>
      player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language)),
  };
});

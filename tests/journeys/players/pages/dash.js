// dash.js as its documentation sets it up.

import { MediaPlayer } from "dashjs";
import { drive, until } from "./watch.js";

drive(async (video, url, failed, ended) => {
  const player = MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: 0 }, streaming: { trackSwitchMode: { audio: "alwaysReplace" } } });
  player.on(MediaPlayer.events.ERROR, ({ error }) => failed(`fatal ${error.code ?? error} ${error.message ?? ""}`));
  // It looks five times a second whether the playhead is at the end, and then pauses there: if it does so in the
  // moment before the browser's own event, that never comes.
  player.on(MediaPlayer.events.PLAYBACK_ENDED, ended);
  const read = new Promise((done) => player.on(MediaPlayer.events.STREAM_INITIALIZED, done));
  player.initialize(video, url, false);
  await read;
  const levels = () => player.getRepresentationsByType("video");
  return {
    heights: () => levels().map((level) => level.height),
    choose: (height) => {
      player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
      player.setRepresentationForTypeById("video", levels().find((level) => level.height === height).id, true);
    },
    sounds: () => player.getTracksFor("audio").map((track) => track.lang),
    listen: (language) =>
      player.setCurrentTrack(player.getTracksFor("audio").find((track) => track.lang === language)),
    captions: () => player.getTracksFor("text").map((track) => [track.lang, track.labels[0].text]),
    caption: async (language) => {
      player.enableText(true);
      player.setTextTrack(player.getTracksFor("text").findIndex((track) => track.lang === language));
      // Of a file that it is still fetching, dash.js forgets what for when it is told to seek.
      await until(() => [...video.textTracks].some(({ mode, cues }) => mode === "showing" && cues?.length > 0));
    },
  };
});

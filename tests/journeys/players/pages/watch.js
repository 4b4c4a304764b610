// What all players have in common: one <video>, what happened to it, and the frame that is on the screen.

const video = document.createElement("video");
video.muted = true;
document.body.append(video);

const seen = { errors: [], stalls: [], ended: false, sizes: [] };
/** Whether the viewer has just asked for something that may be waited for: to begin, another place or another track. */
let asked = true;
/** The wait that goes on now. */
let stall = null;

/** Whoever goes elsewhere or plays again waits no more. */
function moves(wished) {
  if (stall) stall.lasted = (performance.now() - stall.since) / 1000;
  [stall, asked] = [null, wished];
}
video.addEventListener("seeking", () => moves(true));
video.addEventListener("playing", () => moves(false));
video.addEventListener("ended", () => (seen.ended = true));
video.addEventListener("error", () => seen.errors.push(`media: ${video.error.message}`));
video.addEventListener("resize", () => seen.sizes.push(video.videoHeight));
video.addEventListener("waiting", () => {
  // Of the last frames players and the browser have different ideas, and nothing follows that could be late.
  if (asked || stall || video.currentTime > video.duration - 0.3) return;
  stall = { at: video.currentTime, held: ahead(), since: performance.now(), lasted: null };
  seen.stalls.push(stall);
});

/** Seconds that are buffered from the playhead on. */
function ahead() {
  for (let n = 0; n < video.buffered.length; n++)
    if (video.buffered.start(n) <= video.currentTime && video.currentTime < video.buffered.end(n))
      return video.buffered.end(n) - video.currentTime;
  return 0;
}

/** The frame that was shown last: its time, and the sixteen blocks of its bar code as brightness. */
let shown = null;

function look(_, { mediaTime, height }) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d", { willReadFrequently: true });
  canvas.drawImage(video, 0, 0);
  const blocks = Array.from({ length: 16 }, (_, n) => {
    const x = Math.floor(((n + 0.5) * video.videoWidth) / 16);
    const [red, green, blue] = canvas.getImageData(x, Math.floor(video.videoHeight / 2), 1, 1).data;
    return (red + green + blue) / 3;
  });
  shown = { time: mediaTime, height, blocks };
  video.requestVideoFrameCallback(look);
}
video.requestVideoFrameCallback(look);

/** The next frame that is shown. */
async function frame() {
  shown = null;
  await until(() => shown);
  return shown;
}

/**
 * Goes to a time, paused, and gives the frame that stays on the screen there.
 *
 * A frame from before may still come, and while a player fills a hole one that is near: what counts is the frame that
 * is there when nothing moves any more.
 */
async function seek(time) {
  if (!video.paused) {
    // What is told of a frame that was on its way while it played would be taken for the next one's.
    video.pause();
    await pause();
  }
  shown = null;
  video.currentTime = time;
  await until(() => !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && shown);
  const near = () => Math.abs(shown.time - time) < 0.5;
  const since = performance.now();
  // One from long before may come late where the machine is busy: it gets three seconds to be followed.
  for (let last = null; last !== shown || !(near() || performance.now() - since > 3000); await pause()) last = shown;
  return { ...shown, now: video.currentTime, held: held() };
}

/** A moment without which nothing can be said to have come to rest. */
const pause = () => new Promise((done) => setTimeout(done, 150));

/** Milliseconds without a move after which a player that should play is said to stand still. */
const STILL = 45_000;

/** Plays to the end: it is there when the browser says so, or the player (see `drive`) with nothing left to play. */
async function finish() {
  seen.ended = false;
  await video.play();
  let [at, since] = [video.currentTime, performance.now()];
  while (!seen.ended) {
    if (seen.errors.length) throw new Error(seen.errors[0]);
    await new Promise((done) => setTimeout(done, 50));
    if (video.currentTime !== at) [at, since] = [video.currentTime, performance.now()];
    if (performance.now() - since > STILL) {
      const { duration, paused, seeking, readyState } = video;
      const state = { at, duration, paused, seeking, readyState, held: held(), stalls: seen.stalls };
      throw new Error(`it stands still: ${JSON.stringify(state)}`);
    }
  }
}

/** What was seen so far. */
function report() {
  const { webkitAudioDecodedByteCount: audio, webkitVideoDecodedByteCount: pictures } = video;
  return { ...seen, audio, pictures, duration: video.duration, held: held() };
}

/** The buffered ranges. */
function held() {
  return Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]);
}

/** The texts shown at this moment: by the browser, or in the place that a player makes for them. */
function words() {
  const shown = [...video.textTracks].filter((track) => track.mode === "showing");
  const cues = shown.flatMap((track) => [...(track.activeCues ?? [])].map((cue) => cue.text));
  return cues;
}

/** Waits until something is true. */
export async function until(true_) {
  while (!true_()) {
    if (seen.errors.length) throw new Error(seen.errors[0]);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** A player that ends a film by itself: it does at its last moment, or it has done wrong. */
function ended() {
  if (video.currentTime < video.duration - 0.05) seen.errors.push(`ended at ${video.currentTime} of ${video.duration}`);
  seen.ended = true;
}

/**
 * Makes a player drivable from the test.
 *
 * `open(video, url, failed, ended)` loads a presentation, calls `failed` with a text for whatever the player complains
 * of, and `ended` where a player ends a film itself and not by the browser's event; it gives `heights()`, those to
 * choose from, `choose(height)`, which changes what is shown as soon as can be, `sounds()`, the languages to choose
 * from, and `listen(language)`.
 */
export function drive(open) {
  let player;
  window.drive = {
    async open(url) {
      player = await open(video, url, (text) => seen.errors.push(text), ended);
      await video.play();
      await until(() => video.currentTime > 0.1);
      return player.heights();
    },
    async choose(height) {
      await video.play();
      asked = true;
      player.choose(height);
      await until(() => video.videoHeight === height);
      return frame();
    },
    async listen(language) {
      const before = video.webkitAudioDecodedByteCount;
      asked = true;
      player.listen(language);
      await video.play();
      await until(() => video.webkitAudioDecodedByteCount > before + 1000);
      return player.sounds();
    },
    captions: () => player.captions(),
    /** Shows the captions of a language, and gives the words that come up at a time. */
    async read(language, time) {
      await player.caption(language);
      await video.play();
      video.currentTime = time;
      const since = performance.now();
      await until(() => (!video.seeking && words().length > 0) || performance.now() - since > 40_000);
      if (words().length > 0) return words();
      const tracks = [...video.textTracks].map(({ mode, label, cues }) => ({ mode, label, cues: cues?.length }));
      return [`nothing at ${video.currentTime}: ${JSON.stringify(tracks)}`];
    },
    /** Waits until all that follows is there: told to seek amid a fetch, dash.js may forget for good what it was for. */
    settle: () => until(() => ahead() > video.duration - video.currentTime - 0.3),
    play: () => video.play(),
    seek,
    finish,
    report,
  };
}

import Hls, { type ErrorData, type HlsConfig, type LoaderResponse, type RetryConfig } from "hls.js";
import { FIRST_BYTE_WITHIN, LOADED_WITHIN, PAUSE, STRIKES, strikesOf, worthAnother } from "./patience.ts";
import { resume } from "./resume.ts";

/** What the engine tells the element it works for. */
export interface Ties {
  /** The server is still making what was asked for. */
  delayed: () => void;
  /** It cannot be played this way, whatever is tried. `wasPlaying` is from before it was known. */
  failed: (wasPlaying: boolean) => void;
}

/** Seconds loaded ahead of someone who may be about to play. */
const WARM_SECONDS = 2;
/** Seconds loaded ahead of someone who plays: enough for a minute in a tunnel. */
const AHEAD_SECONDS = 60;
/** Seconds kept of what was seen, for a look back without loading. */
const BEHIND_SECONDS = 60;

const RETRY: RetryConfig = {
  // `worthAnother` decides how often, and `judge` when it is over; this only must not be fewer.
  maxNumRetry: 1000,
  retryDelayMs: PAUSE,
  maxRetryDelayMs: PAUSE,
  backoff: "linear",
  shouldRetry: (_config, tries: number, _isTimeout, answer: LoaderResponse | undefined) =>
    worthAnother(answer?.code, tries),
};

/** The same for playlists and segments: either may have to be made first. */
const POLICY = {
  default: {
    maxTimeToFirstByteMs: FIRST_BYTE_WITHIN,
    maxLoadTimeMs: LOADED_WITHIN,
    timeoutRetry: RETRY,
    errorRetry: RETRY,
  },
};

/**
 * Captions of the page's markup are played as they are; the same from the playlist would stand beside them.
 * hls.js takes `undefined` for "without this part", which its types do not tell.
 */
const MARKED_UP: object = {
  subtitleStreamController: undefined,
  subtitleTrackController: undefined,
  timelineController: undefined,
};

function settings(isSaving: boolean, video: HTMLVideoElement): Partial<HlsConfig> {
  return {
    ...(video.querySelector("track") ? MARKED_UP : {}),
    // Captions are one file for a whole film, and never CEA-608.
    enableCEA708Captions: false,
    enableIMSC1: false,
    // Segments are fragmented MP4, which goes to the browser as it is: a worker would have nothing to do.
    enableWorker: false,
    // The smallest rendition is there soonest. The second segment is of the size that the first proved fit.
    startLevel: 0,
    testBandwidth: false,
    startFragPrefetch: true,
    capLevelToPlayerSize: true,
    ignoreDevicePixelRatio: isSaving,
    maxBufferLength: WARM_SECONDS,
    maxMaxBufferLength: WARM_SECONDS,
    backBufferLength: BEHIND_SECONDS,
    manifestLoadPolicy: POLICY,
    playlistLoadPolicy: POLICY,
    fragLoadPolicy: POLICY,
  };
}

/** Plays one HLS address in one `<video>`, by hls.js; loaded only when it is needed. */
export class Engine {
  private readonly hls: Hls;
  private master = "";
  private reconnected = false;
  private recovered = false;
  private isOver = false;
  private strikes = 0;

  /** `source` is the one `video` has already, if it has one; else the engine gives it its own. */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    source: MediaSource | null,
    isSaving: boolean,
    private readonly ties: Ties,
  ) {
    this.hls = new Hls(settings(isSaving, video));
    this.hls.on(Hls.Events.MANIFEST_LOADED, (_event, { networkDetails: request }) => {
      if (request instanceof XMLHttpRequest) this.master = request.responseText;
    });
    this.hls.on(Hls.Events.FRAG_BUFFERED, () => {
      this.reconnected = false;
      this.strikes = 0;
    });
    this.hls.on(Hls.Events.ERROR, (_event, error) => this.judge(error));
    this.hls.attachMedia(source ? { media: video, mediaSource: source } : video);
    this.hls.loadSource(url);
  }

  /** From now on loads as far ahead as a viewer needs; before, only the first moments. */
  play(): void {
    const { config } = this.hls;
    config.maxBufferLength = config.maxMaxBufferLength = AHEAD_SECONDS;
  }

  /** Takes up renditions that were added since the playlist was loaded, if there are any, and goes on. */
  async refresh(): Promise<void> {
    const known = this.master;
    const now = await textAt(this.url);
    if (now === null || now === known || known !== this.master || this.isOver) return;
    const wasPlaying = !this.video.paused;
    this.hls.config.startPosition = this.video.currentTime || -1;
    this.hls.loadSource(this.url);
    if (wasPlaying) resume(this.video);
  }

  destroy(): void {
    this.isOver = true;
    this.hls.destroy();
  }

  private judge(error: ErrorData): void {
    const { hls, video } = this;
    const wasPlaying = !video.paused;
    if (!error.fatal) {
      // Left to itself, hls.js goes from rendition to rendition without an end.
      const isStill = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      if (this.count(error) && isStill) this.fail(wasPlaying);
      return;
    }
    // Once it is known what there is to play, a lost connection is tried once more; both kinds of failure
    // have had their retries by now.
    const isUnderWay = hls.levels.length > 0;
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR && isUnderWay && !this.reconnected) {
      this.reconnected = true;
      hls.startLoad();
    } else if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
      this.recovered = true;
      hls.recoverMediaError();
    } else {
      this.fail(wasPlaying);
      return;
    }
    if (wasPlaying && video.paused) resume(video);
  }

  private fail(wasPlaying: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ties.failed(wasPlaying);
  }

  /** Counts a failed request; answers whether there have been too many. */
  private count(error: ErrorData): boolean {
    if (error.type !== Hls.ErrorTypes.NETWORK_ERROR) return false;
    const status = error.response?.code;
    if (status === 503) this.ties.delayed();
    this.strikes += strikesOf(status);
    return this.strikes >= STRIKES;
  }
}

/** What is at an address now; null where it cannot be had. */
async function textAt(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { cache: "no-cache" });
    return answer.ok ? await answer.text() : null;
  } catch (error) {
    // The one thing fetch rejects with, short of an abort. What is loaded already may play all the same.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

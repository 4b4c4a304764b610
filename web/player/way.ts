/**
 * How a browser plays HLS: through Media Source Extensions, through their managed kind (iPhones since
 * 17.1), by itself (older ones), or not at all, which leaves the MP4.
 */
export type Way = "source" | "managed" | "native" | "file";

/** What every rendition is at least: H.264 baseline with AAC. */
const CODECS = 'video/mp4; codecs="avc1.42E01E,mp4a.40.2"';

interface Judge {
  isTypeSupported: (type: string) => boolean;
}

/**
 * The way of this browser. Being able to play HLS by itself counts last: Chromium says so too, but
 * can less of it than hls.js.
 */
export function wayOf(browser: { MediaSource?: Judge; ManagedMediaSource?: Judge }, isNative: boolean): Way {
  if (browser.MediaSource?.isTypeSupported(CODECS)) return "source";
  if (browser.ManagedMediaSource?.isTypeSupported(CODECS)) return "managed";
  return isNative ? "native" : "file";
}

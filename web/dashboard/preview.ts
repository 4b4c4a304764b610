/** The chosen file itself, shown before the server has any picture of it. */
export interface Preview {
  /** An object URL; `forget` releases it. */
  url: string;
  /** Pixels as displayed. */
  width: number;
  height: number;
  forget: () => void;
}

/** How long a card may wait for the file's size, in milliseconds: it keeps the card from jumping later. */
const PATIENCE = 600;

/** Null where this browser cannot read the file, or not in time. */
export function previewOf(file: File): Promise<Preview | null> {
  const url = URL.createObjectURL(file);
  const forget = (): void => URL.revokeObjectURL(url);
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "metadata";
  return new Promise((resolve) => {
    const end = (preview: Preview | null): void => {
      window.clearTimeout(timer);
      video.onloadedmetadata = null;
      video.onerror = null;
      video.removeAttribute("src");
      video.load(); // gives the decoder back now, not when the element is collected
      if (!preview) forget();
      resolve(preview);
    };
    const timer = window.setTimeout(() => end(null), PATIENCE);
    video.onloadedmetadata = () => {
      const { videoWidth: width, videoHeight: height } = video;
      end(width > 0 && height > 0 ? { url, width, height, forget } : null);
    };
    video.onerror = () => end(null);
    video.src = url;
  });
}

/** Pixels of the picture, for dense screens twice those of its box. */
const WIDTH = 192;
const HEIGHT = 108;
/** Milliseconds after which a browser that cannot make out the file is left in peace. */
const PATIENCE = 8000;

let line: Promise<unknown> = Promise.resolve();

/** A picture of a moment in, as many first frames are black; null where this browser cannot read the file. */
export function frameOf(file: File): Promise<HTMLCanvasElement | null> {
  // One after another, as each holds a decoder.
  const drawn = line.then(() => draw(file));
  line = drawn;
  return drawn;
}

function draw(file: File): Promise<HTMLCanvasElement | null> {
  const url = URL.createObjectURL(file);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  return new Promise((resolve) => {
    const end = (picture: HTMLCanvasElement | null): void => {
      clearTimeout(timer);
      video.onloadeddata = video.onseeked = video.onerror = null;
      video.removeAttribute("src");
      video.load();
      URL.revokeObjectURL(url);
      resolve(picture);
    };
    const timer = setTimeout(() => end(null), PATIENCE);
    video.onerror = () => end(null);
    video.onloadeddata = () => (video.currentTime = Math.min(0.1, video.duration / 2 || 0));
    video.onseeked = () => end(video.videoWidth > 0 ? painted(video) : null);
    video.src = url;
  });
}

function painted(video: HTMLVideoElement): HTMLCanvasElement | null {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const { videoWidth, videoHeight } = video;
  const scale = Math.max(WIDTH / videoWidth, HEIGHT / videoHeight);
  const [width, height] = [videoWidth * scale, videoHeight * scale];
  canvas.getContext("2d")?.drawImage(video, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height);
  return canvas;
}

/** Plays on after the source was changed, which pauses. */
export function resume(video: HTMLVideoElement): void {
  video.play().catch((refusal: unknown) => {
    // The browser may ask for another click, or the source was changed once more: both leave it paused.
    const names = ["NotAllowedError", "AbortError", "NotSupportedError"];
    if (!(refusal instanceof DOMException && names.includes(refusal.name))) throw refusal;
  });
}

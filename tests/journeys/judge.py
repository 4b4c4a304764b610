"""Judging what became of a sample: the video as the API tells it, and the MP4 as independent readers see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.drive import fetch
from tests.media import checks
from tests.media.samples import Ready, Sample

RESOLUTION = "8k"
"""Above every sample, so that each is answered at its own size."""
SOUND_TOLERANCE = 0.05
"""Seconds; the encoder's priming and a codec's own delay are well below it."""


def judge(sample: Sample, video: dict[str, Any], folder: Path) -> list[str]:
    """What is wrong with the outcome, as sentences; none when all is well."""
    if video["status"] == "fail":
        code = video["error"]["code"]
        return [] if code in sample.codes else [f"failed with {code}: {video['error']['message']}"]
    if sample.ready is None:
        return [] if sample.may_be_ready else [f"ready, but should have failed with {sorted(sample.codes)}"]
    rendition = video["renditions"][0]
    path = fetch(rendition["video_url"], folder / f"{sample.name}.mp4")
    return [*_shape(sample.ready, rendition, path), *_content(sample.ready, path)]


def _shape(ready: Ready, rendition: dict[str, Any], path: Path) -> list[str]:
    seen, wrong = checks.inspect_mp4(path), []
    expected = (_even(ready.width), _even(ready.height))
    if (seen.width, seen.height) != expected or (rendition["width"], rendition["height"]) != expected:
        wrong.append(f"size {seen.width}x{seen.height} instead of {expected[0]}x{expected[1]}")
    if (seen.codec, seen.pixel_format, seen.sample_aspect_ratio, seen.rotation) != ("h264", "yuv420p", 1, 0):
        wrong.append(f"{seen.codec} {seen.pixel_format} {seen.sample_aspect_ratio} turned by {seen.rotation}")
    if not seen.faststart:
        wrong.append("the index comes after the media")
    lasts = max(seen.video_seconds, seen.audio_seconds)
    one_frame = 1 / max(1, len(seen.frame_times)) * seen.video_seconds
    if abs(lasts - ready.duration_seconds) > max(ready.tolerance_seconds, one_frame) + 0.001:
        wrong.append(f"lasts {lasts:.3f} instead of {ready.duration_seconds:.3f} s")
    if ready.has_audio != (seen.audio_codec is not None):
        wrong.append(f"sound is {seen.audio_codec}")
    if seen.warnings:
        wrong.append(f"decoders complain: {seen.warnings[:3]}")
    return wrong


def _content(ready: Ready, path: Path) -> list[str]:
    wrong = []
    seen = checks.frames_seen(path)
    if ready.frames is not None and len(seen) != ready.frames:
        wrong.append(f"{len(seen)} frames instead of {ready.frames}")
    if ready.marks and (not seen or seen[0].corners != checks.CORNERS):
        wrong.append(f"corners {seen[0].corners if seen else 'none'}")
    numbers = [frame.number for frame in seen if frame.number is not None]
    if ready.marks and ready.frames is not None and numbers != sorted(set(numbers)):
        wrong.append("frames are doubled or out of order")
    if ready.has_audio and ready.sound_starts_seconds is not None:
        starts = checks.sound_starts(path)
        if abs(starts - ready.sound_starts_seconds) > SOUND_TOLERANCE:
            wrong.append(f"sound starts at {starts:.3f} instead of {ready.sound_starts_seconds:.3f} s")
    return wrong


def _even(side: int) -> int:
    return max(2, round(side / 2) * 2)

"""Does what was made of a sample show what the sample promised? One judge for every journey.

Used on a rendition: `disagreements(rendition, sample.ready, short_side=360)` is empty when all is well.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.media import checks
from tests.media.samples import Ready

_NOT_OF_DECODING = ("The bitrate parameter is set too low",)
"""What ffmpeg says of the judge's own raw output when there is hardly a picture an hour."""


def shown_size(expect: Ready, short_side: int | None = None) -> tuple[int, int]:
    """The size a rendition of that short side must have, before it is made even: never above the source."""
    short = min(expect.width, expect.height)
    if short_side is None or short_side >= short:
        return expect.width, expect.height
    return round(expect.width * short_side / short), round(expect.height * short_side / short)


def disagreements(path: Path, expect: Ready, short_side: int | None = None) -> list[str]:
    """Every way in which a rendition (MP4, H.264, square samples, upright) differs from what was promised.

    Sizes may differ by the two pixels that evenness may cost; times by the sample's tolerance or one frame,
    whichever is more; frames by none, unless the source has more than 60 a second, which may be thinned out.
    """
    seen = checks.inspect_mp4(path)
    found = [*_form(seen), *_size(seen, shown_size(expect, short_side)), *_length(seen, expect)]
    if expect.marks:
        found += _pictures(path, seen, expect)
    if bool(seen.audio_tracks) != expect.has_audio:
        found.append(f"{seen.audio_tracks} sound tracks, expected {'one' if expect.has_audio else 'none'}")
    elif expect.has_audio and expect.sound_starts_seconds is not None:
        starts = checks.sound_starts(path)
        if abs(starts - expect.sound_starts_seconds) > 0.1:
            found.append(f"sound starts at {starts:.3f} s, not {expect.sound_starts_seconds} s")
    return found


def malformations(path: Path) -> list[str]:
    """Every way in which a file is not a rendition at all, whatever it was made of."""
    return _form(checks.inspect_mp4(path))


def _form(seen: checks.Inspected) -> list[str]:
    wanted = {
        "codec": (seen.codec, "h264"),
        "pixel format": (seen.pixel_format, "yuv420p"),
        "sample aspect ratio": (seen.sample_aspect_ratio, 1),
        "rotation": (seen.rotation, 0),
        "faststart": (seen.faststart, True),
        "decoder warnings": (
            [said for said in seen.warnings if not said.startswith(_NOT_OF_DECODING)],
            [],
        ),
    }
    found = [f"{name} is {is_}, not {should}" for name, (is_, should) in wanted.items() if is_ != should]
    if seen.frame_times and seen.keyframe_times[:1] != seen.frame_times[:1]:
        found.append("the first frame is not a keyframe")
    return found


def _size(seen: checks.Inspected, size: tuple[int, int]) -> list[str]:
    if any(abs(is_ - should) > 2 for is_, should in zip(seen.shown, size, strict=True)):
        return [f"size is {seen.shown}, not {size}"]
    return []


def _length(seen: checks.Inspected, expect: Ready) -> list[str]:
    found = []
    frame = seen.video_seconds / seen.frames if seen.frames else 0.0
    if abs(seen.duration - expect.duration_seconds) > max(expect.tolerance_seconds, frame):
        found.append(f"lasts {seen.duration:.3f} s, not {expect.duration_seconds:.3f} s")
    if expect.frames is not None:
        most = 60 * expect.duration_seconds + 3  # rate conversion may add one at each end
        if seen.frames != expect.frames and not (expect.frames > most and 0 < seen.frames <= most):
            found.append(f"{seen.frames} frames, not {expect.frames}")
    return found


def _pictures(path: Path, seen: checks.Inspected, expect: Ready) -> list[str]:
    frames = checks.frames_seen(path)
    found = [
        f"the {place} frame's corners are {frame.corners}"
        for place, frame in (("first", frames[0]), ("last", frames[-1]))
        if frame.corners != checks.CORNERS
    ]
    # Narrower than four pixels a block, scaling blurs the code; without an exact count fields may be mixed.
    if expect.frames is not None and seen.shown[0] >= 64:
        numbers = [frame.number for frame in frames]
        if None in numbers:
            found.append(f"{numbers.count(None)} frames have an unreadable number")
        elif any(a >= b for a, b in pairwise(n for n in numbers if n is not None)):
            found.append("frames are doubled or out of order")
    return found

"""The arguments that take a still from a video. Pure; golden-tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playhead.media.ffmpeg import pictures
from playhead.media.ffmpeg.invocation import GIB, MIB, Invocation, Limits
from playhead.model.plan import TIMESCALE, Plan

LIMITS = Limits(
    wall_seconds=120,
    quiet_seconds=60,
    cpu_seconds=120,
    memory_bytes=4 * GIB,
    # Noise of 8192 x 8192 is a JPEG of 60 MiB; a table of colours lies beside it.
    file_bytes=128 * MIB,
    scratch_bytes=192 * MIB,
)
JPEG_QUALITY = "3"
"""mjpeg's scale from 2 (best) to 31; at 3 artefacts are not seen at the size shown."""
_MATRIX, _RANGE = "smpte170m", "pc"
"""JPEG (JFIF) is read as full-range BT.601, whatever the source was."""
DECODES_FASTER = 20
"""Times real time that sound is decoded at the slowest; an hour took 2 s where this was measured."""
CANDIDATES = 24
"""Frames among which the poster is chosen: the one most like the others, so neither a flash nor a fade."""


def poster_invocation(
    path: Path,
    guards: tuple[str, ...],
    stream: int,
    output: Path,
    plan: Plan,
    *,
    at_seconds: float,
    size: tuple[int, int],
    choose: bool,
) -> Invocation:
    """Take one JPEG of a source at or after `at_seconds` from the beginning, as its plan says it is seen.

    `choose` takes the most typical of the next `CANDIDATES` frames. Frames before a broken place, or a seek
    beyond the last frame, give no file: whoever calls this looks.
    """
    filters = [
        *([pictures.drawn(plan)] if plan.drawn else ()),
        *pictures.seen(plan),
        *pictures.sized(plan, *size, range_=_RANGE, matrix=_MATRIX),
        # Last, so that the frames it holds are small: two dozen of 8K are gigabytes.
        *((f"thumbnail={CANDIDATES}",) if choose else ()),
    ]
    lasts = plan.duration / TIMESCALE if plan.drawn else 0.0
    guards = (*guards, *pictures.decoded(plan.decoder, stream))
    return _still(path, guards, str(stream), output, filters, at_seconds, decoded_seconds=lasts)


def thumbnail_invocation(rendition: Path, output: Path, *, at_seconds: float) -> Invocation:
    """Take one JPEG of a rendition at or after `at_seconds` from the beginning, at its size."""
    scale = f"scale=iw:ih:in_color_matrix=bt709:out_color_matrix={_MATRIX}:out_range={_RANGE}"
    return _still(rendition, (), "v:0", output, [scale], at_seconds)


def _still(
    path: Path,
    guards: tuple[str, ...],
    stream: str,
    output: Path,
    filters: list[str],
    at_seconds: float,
    *,
    decoded_seconds: float = 0.0,
) -> Invocation:
    """`decoded_seconds` of sound are decoded for the picture, without a sign of progress until it is there."""
    filters = [*filters, "format=yuvj420p", "setsar=1"]
    arguments = (
        *("-hide_banner", "-v", "error"),
        "-y",  # the scratch folder is this attempt's own
        *(("-ss", f"{at_seconds:.6f}") if at_seconds > 0 else ()),
        *guards,
        *("-i", str(path)),
        # A graph takes sound as well as pictures.
        *("-filter_complex", f"[0:{stream}]{','.join(filters)}[still]", "-map", "[still]"),
        *("-frames:v", "1"),  # or every frame would overwrite the one before
        *("-c:v", "mjpeg", "-q:v", JPEG_QUALITY),
        *("-map_metadata", "-1"),  # a stranger's tags do not travel on
        *("-f", "image2", "-update", "1", str(output)),  # one file, its name taken as it is
    )
    patience = decoded_seconds / DECODES_FASTER
    limits = replace(
        LIMITS,
        wall_seconds=LIMITS.wall_seconds + patience,
        quiet_seconds=LIMITS.quiet_seconds + patience,
        cpu_seconds=LIMITS.cpu_seconds + round(patience),
    )
    return Invocation("ffmpeg", arguments, reads=(path,), scratch=output.parent, limits=limits)

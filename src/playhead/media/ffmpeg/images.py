"""The arguments that take a still from a video. Pure; golden-tested."""

from __future__ import annotations

from pathlib import Path

from playhead.media.ffmpeg.invocation import Invocation, Limits

LIMITS = Limits(wall_seconds=120, quiet_seconds=60, cpu_seconds=120, memory_bytes=4 * 1024**3)
JPEG_QUALITY = "3"
"""mjpeg's scale from 2 (best) to 31; at 3 artefacts are not seen at the size shown."""
CANDIDATES = 24
"""Frames among which the poster is chosen: the one most like the others, so neither a flash nor a fade."""


def still_invocation(
    path: Path,
    guards: tuple[str, ...],
    stream: int | None,
    output: Path,
    *,
    at_seconds: float,
    size: tuple[int, int] | None = None,
    choose: bool = False,
    color_matrix: str = "bt709",
) -> Invocation:
    """Take one JPEG at or after `at_seconds` from the beginning, at `size` or as it is.

    `choose` takes the most typical of the next `CANDIDATES` frames. Frames before a broken place, or a seek
    beyond the last frame, give no file: whoever calls this looks.
    """
    filters = [f"thumbnail={CANDIDATES}"] if choose else []
    scale = f"scale={size[0]}:{size[1]}:flags=bicubic" if size else "scale=iw:ih"
    # JPEG (JFIF) is read as full-range BT.601, whatever the source was.
    filters.append(f"{scale}:in_color_matrix={color_matrix}:out_color_matrix=smpte170m:out_range=pc")
    filters.append("format=yuvj420p,setsar=1")
    arguments = (
        *("-hide_banner", "-v", "error", "-y"),
        *(("-ss", f"{at_seconds:.6f}") if at_seconds > 0 else ()),
        *guards,
        *("-i", str(path)),
        *("-map", "0:v:0" if stream is None else f"0:{stream}"),
        *("-frames:v", "1"),
        *("-vf", ",".join(filters)),
        *("-c:v", "mjpeg", "-q:v", JPEG_QUALITY),
        *("-map_metadata", "-1"),  # a stranger's tags do not travel on
        *("-f", "image2", "-update", "1", str(output)),  # one file, its name taken as it is
    )
    return Invocation("ffmpeg", arguments, reads=(path,), scratch=output.parent, limits=LIMITS)

"""The arguments that write a source's captions as WebVTT. Pure; golden-tested."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playhead.media.ffmpeg.invocation import MIB, Invocation, Limits

LIMITS = Limits(
    wall_seconds=1200, quiet_seconds=120, cpu_seconds=600, file_bytes=8 * MIB, scratch_bytes=256 * MIB
)


def captions_invocation(
    path: Path, guards: tuple[str, ...], outputs: Sequence[tuple[int, Path]], *, trusted: bool
) -> Invocation:
    """Write each of these streams, numbered as in the source, to a WebVTT file, from one reading of the source.

    `trusted` keeps the source's own clock, as a plan that trusts its timestamps does; else its first moment is 0.
    All output paths share a folder, the invocation's scratch.
    """
    arguments = [
        *("-hide_banner", "-v", "error"),
        "-y",  # the scratch folder is this attempt's own
        # The source's own clock, so that words and pictures are laid on one timeline.
        *(("-copyts",) if trusted else ()),
        *guards,
        *("-i", str(path)),
    ]
    for stream, output in outputs:
        arguments += [
            *("-map", f"0:{stream}"),
            *("-c:s", "webvtt"),  # decodes whatever text it is; styles and placing are lost, and are to be
            *("-map_metadata", "-1", "-map_chapters", "-1"),  # a stranger's tags do not travel on
            *("-f", "webvtt", str(output)),
        ]
    return Invocation("ffmpeg", tuple(arguments), reads=(path,), scratch=outputs[0][1].parent, limits=LIMITS)

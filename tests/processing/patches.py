"""Clips of flat patches of known colours, and what the real pipeline makes of them, patch by patch."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.media import colors
from playhead.media.ffmpeg.encode import ChunkInput, chunk_invocation
from playhead.media.ffmpeg.invocation import Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.source import guards_of
from playhead.model.plan import Plan
from playhead.processing import verify
from playhead.processing.examine import examine
from playhead.processing.planning import plan
from tests.processing.difference import Rgb

SIDE = 32
"""Pixels of a patch's side."""
PER_ROW = 8

PATCHES: tuple[Rgb, ...] = (
    *((level, level, level) for level in (0, 8, 32, 64, 96, 128, 160, 192, 224, 255)),
    *((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)),
    *((128, 0, 0), (0, 128, 0), (0, 0, 128), (115, 82, 68), (194, 150, 130), (98, 122, 157)),
    *((87, 108, 67), (133, 128, 177)),
)
"""Greys, the corners of the cube, darker ones, and skin, sky and leaves of a colour chart."""


@dataclass(frozen=True)
class Made:
    """What became of a clip."""

    plan: Plan
    path: Path


def clip(
    folder: Path, out: str, patches: Sequence[Sequence[float]] = PATCHES, frames: int = 5, form: str = "rgb24"
) -> Path:
    """A clip of the patches, eight in a row; `out` are ffmpeg's output options with the file's name.

    `form` is that of the patches: `rgb24`, `rgba` or `rgb48le`.
    """
    width = 2 if form == "rgb48le" else 1
    rows = []
    for start in range(0, len(patches), PER_ROW):
        row = [
            b"".join(round(channel).to_bytes(width, "little") for channel in patch) * SIDE
            for patch in patches[start : start + PER_ROW]
        ]
        rows += [b"".join(row)] * SIDE
    picture = b"".join(rows)
    raw = ("-f", "rawvideo", "-pix_fmt", form, "-video_size", f"{PER_ROW * SIDE}x{len(rows)}")
    path = folder / shlex.split(out)[-1]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *raw, "-framerate", "25", "-i", "pipe:0"]
    done = subprocess.run(
        [*command, *shlex.split(out)[:-1], str(path)],
        input=picture * frames,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return path


async def made_of(path: Path, folder: Path) -> Made:
    """Examine, plan, encode the first chunk at the source's own size, and verify, as a worker does."""
    sandbox = NoSandbox(find_tools())
    info, timeline, _ = await examine(path, sandbox, 3600)
    planned = plan(info, timeline, ["8k"], ())
    if planned.color is not None:
        colors.place(planned.color, folder)
    track, chunk = planned.renditions[0], planned.chunks[0]
    source = ChunkInput(path, info.shown, guards_of(path))
    output = folder / "piece.mp4"
    await run(chunk_invocation(source, planned, chunk, [(track, output)], Limits()), sandbox=sandbox)
    await verify.decodes([await verify.piece(output, chunk, track, strict=True)], 0, sandbox)
    return Made(planned, output)


def through(path: Path, folder: Path) -> Made:
    """`made_of`, from where there is no loop."""
    return asyncio.run(made_of(path, folder))


def colours(path: Path, count: int = len(PATCHES)) -> list[Rgb]:
    """The colour of the middle of each patch in the first frame, read as BT.709 in limited range."""
    scale = "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-vf", scale, "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    width = PER_ROW * SIDE
    return [_middle(raw, width, *divmod(number, PER_ROW)) for number in range(count)]


def _middle(raw: bytes, width: int, row: int, column: int) -> Rgb:
    inset = SIDE // 4
    total, count = [0, 0, 0], 0
    for y in range(row * SIDE + inset, (row + 1) * SIDE - inset):
        start = 3 * (y * width + column * SIDE + inset)
        line = raw[start : start + 3 * (SIDE - 2 * inset)]
        for channel in range(3):
            total[channel] += sum(line[channel::3])
        count += SIDE - 2 * inset
    return total[0] / count, total[1] / count, total[2] / count

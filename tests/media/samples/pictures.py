"""The test picture: corner patches that show its orientation, a bar code that tells frames apart.

Drawn here byte by byte, not by an ffmpeg filter, so that what a judge reads owes nothing to the tool
under test. Layout of every frame, in the displayed orientation:

    red   ........ green     each patch a quarter of the width by a quarter of the height
    .  16 black or white .   bar code over the full width, rows 3/8 to 5/8
    blue  ........ yellow
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

RED, GREEN, BLUE, YELLOW = b"\xff\x00\x00", b"\x00\xff\x00", b"\x00\x00\xff", b"\xff\xff\x00"
BLOCKS = 16


def bar_code(number: int) -> list[int]:
    """The 16 blocks of a frame: white, black, twelve bits of its number, their parity, its inverse."""
    bits = [(number >> shift) & 1 for shift in range(11, -1, -1)]
    parity = sum(bits) % 2
    return [1, 0, *bits, parity, 1 - parity]


def number_of(blocks: list[int]) -> int | None:
    """The frame number of sixteen blocks' brightness (0-255 each); None when it is not a bar code."""
    bits = [int(level > 127) for level in blocks]
    value = int("".join(map(str, bits[2:14])), 2)
    return value if bits == bar_code(value) else None


@dataclass(frozen=True)
class Picture:
    """A moving test picture, as raw rgb24 frames."""

    width: int = 320
    height: int = 180
    rate: str = "25"
    """Frames per second as ffmpeg spells it, such as 30000/1001."""
    frames: int = 50
    first: int = 0
    """The number the first frame carries in its bar code."""

    def input_args(self) -> list[str]:
        """How ffmpeg reads these frames from its standard input."""
        return [
            *("-f", "rawvideo"),  # headerless frames
            *("-pix_fmt", "rgb24"),
            *("-video_size", f"{self.width}x{self.height}"),
            *("-framerate", self.rate),
            *("-i", "pipe:0"),
        ]

    def draw(self) -> Iterator[bytes]:
        """Each frame's bytes."""
        for index in range(self.first, self.first + self.frames):
            yield self._frame(index)

    def _frame(self, index: int) -> bytes:
        width, height = self.width, self.height
        patch_w, patch_h = max(1, width // 4), max(1, height // 4)
        row = self._background(index)
        inner = row[3 * patch_w : 3 * max(patch_w, width - patch_w)]
        upper = (RED * patch_w + inner + GREEN * patch_w)[: 3 * width]
        lower = (BLUE * patch_w + inner + YELLOW * patch_w)[: 3 * width]
        code_from, code_to = 3 * height // 8, 5 * height // 8
        code = self._code_row(index)
        rows = [row] * height
        rows[code_from:code_to] = [code] * (code_to - code_from)
        rows[:patch_h] = [upper] * patch_h
        if height >= 2:
            rows[height - patch_h :] = [lower] * patch_h
        return b"".join(rows)

    def _background(self, index: int) -> bytes:
        # A soft grey wave that moves four pixels a frame: something to predict, nothing to confuse.
        wave = (abs((x + 4 * index) % 128 - 64) + 64 for x in range(self.width))
        return b"".join(bytes((level, level, level)) for level in wave)

    def _code_row(self, index: int) -> bytes:
        blocks = bar_code(index % 4096)
        levels = (255 * blocks[x * BLOCKS // self.width] for x in range(self.width))
        return b"".join(bytes((level, level, level)) for level in levels)

"""What part of a picture is shown, and how large: clean aperture, pixel aspect, quarter turns. Pure."""

from __future__ import annotations

import struct
from contextlib import suppress
from fractions import Fraction

from playhead.media.mp4 import Track, configuration
from playhead.model.errors import PlayheadError
from playhead.model.media import Rectangle

MAX_SIDE = 8192
MAX_ASPECT = 16
"""A picture whose pixels are more stretched than this, in either direction, is a mistake or a trap."""


def displayed_size(width: int, height: int, aspect: Fraction, rotation: int) -> tuple[int, int]:
    """Width and height in square pixels, upright. Lines stay lines: only the width follows the aspect.

    `width` and `height` are those of the decoded picture, after cropping and before turning.

    Raises:
        PlayheadError: `limit_dimensions`.
    """
    if not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        raise PlayheadError("limit_dimensions", "Its pixels are stretched beyond 16 to 1.")
    across, down = max(1, round(width * aspect)), max(1, height)
    if max(width, height, across, down) > MAX_SIDE:
        raise PlayheadError("limit_dimensions", f"The picture is {across}x{down}.")
    return (down, across) if rotation in (90, 270) else (across, down)


def check_track(track: Track) -> None:
    """Refuse a picture track whose header alone shows that it is beyond the limits, before it is decoded.

    Raises:
        PlayheadError: `limit_dimensions`.
    """
    if max(track.width, track.height) > MAX_SIDE:
        raise PlayheadError("limit_dimensions", f"The file says that it is {track.width}x{track.height}.")
    if min(track.width, track.height, track.display_width, track.display_height) > 0:
        aspect = (track.display_width * track.height) / (track.display_height * track.width)
        if not 1 / MAX_ASPECT <= aspect <= MAX_ASPECT:
            raise PlayheadError("limit_dimensions", "Its pixels are stretched beyond 16 to 1.")


def clean_aperture(track: Track, width: int, height: int) -> Rectangle | None:
    """The part of a `width` x `height` picture that its `clap` box says is meant to be seen.

    None when it has no such box, or one that hides nothing or makes no sense (ISO/IEC 14496-12, 12.1.4).
    """
    with suppress(PlayheadError, struct.error, ZeroDivisionError):
        box = configuration(track.sample_entry, b"clap")
        if box is None:
            return None
        numbers = struct.unpack(">8i", box[:32])
        across, down, right, below = (Fraction(numbers[at], numbers[at + 1]) for at in (0, 2, 4, 6))
        # The offsets are of its centre from the picture's.
        left, top = round((width - across) / 2 + right), round((height - down) / 2 + below)
        found = Rectangle(round(across), round(down), left, top)
        inside = left >= 0 and top >= 0 and left + found.width <= width and top + found.height <= height
        if inside and min(found.width, found.height) > 0 and (found.width, found.height) != (width, height):
            return found
    return None


def turned(part: Rectangle, width: int, height: int, matrix: tuple[int, ...]) -> Rectangle | None:
    """Where `part` of a `width` x `height` picture is once the picture is turned by a track's matrix.

    None when that is not a matter of quarter turns and mirrors (ISO/IEC 14496-12, 6.2.2).
    """
    a, b, c, d = (_sign(matrix[cell]) for cell in (0, 1, 3, 4))
    if (a and d and not (b or c)) or (b and c and not (a or d)):
        xs = sorted(a * x + c * y for x, y in _corners(part))
        ys = sorted(b * x + d * y for x, y in _corners(part))
        whole = Rectangle(width, height, 0, 0)
        first_x = min(a * x + c * y for x, y in _corners(whole))
        first_y = min(b * x + d * y for x, y in _corners(whole))
        return Rectangle(xs[-1] - xs[0], ys[-1] - ys[0], xs[0] - first_x, ys[0] - first_y)
    return None


def _corners(part: Rectangle) -> tuple[tuple[int, int], tuple[int, int]]:
    return (part.left, part.top), (part.left + part.width, part.top + part.height)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)

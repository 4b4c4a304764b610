"""The ladder: which sizes answer the requested resolutions, and how each is encoded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from playhead.model.plan import PlannedRendition
from playhead.model.resolutions import SHORT_SIDES

CRF = 23
"""x264's constant quality. On the content measured it lands at VMAF 91 ± 1 whatever the material."""

# Bits per second a rung may never exceed, by short side, for up to 30 frames a second: where the quality
# target above would cost more than a viewer's line is likely to carry.
_CAPS = (
    (144, 200_000),
    (240, 400_000),
    (360, 800_000),
    (480, 1_400_000),
    (720, 2_800_000),
    (1080, 5_000_000),
    (1440, 10_000_000),
    (2160, 20_000_000),
    (4320, 60_000_000),
)

# H.264 Annex A, Table A-1: level, macroblocks per second, macroblocks per frame, kilobits per second (Main).
_LEVELS = (
    ("1.1", 3_000, 396, 192),
    ("1.2", 6_000, 396, 384),
    ("1.3", 11_880, 396, 768),
    ("2.1", 19_800, 792, 4_000),
    ("3.0", 40_500, 1_620, 10_000),
    ("3.1", 108_000, 3_600, 14_000),
    ("3.2", 216_000, 5_120, 20_000),
    ("4.0", 245_760, 8_192, 20_000),
    ("4.2", 522_240, 8_704, 50_000),
    ("5.0", 589_824, 22_080, 135_000),
    ("5.1", 983_040, 36_864, 240_000),
    ("5.2", 2_073_600, 36_864, 240_000),
    ("6.0", 4_177_920, 139_264, 240_000),
    ("6.1", 8_355_840, 139_264, 480_000),
    ("6.2", 16_711_680, 139_264, 800_000),
)
_SMALLEST_SIDE = 2
"""4:2:0 pictures have even sides."""


def fit(width: int, height: int, resolution: str) -> tuple[int, int, str | None]:
    """The size that answers `resolution` for a picture of `width` x `height` square pixels.

    Returns:
        Width and height, both even, and a note when the source is smaller than what was asked.
    """
    wanted = SHORT_SIDES[resolution]
    short, long = min(width, height), max(width, height)
    if wanted > short:
        size = _even(Fraction(width)), _even(Fraction(height))
        note = f"The source is {width}x{height}, smaller than {resolution}; it is not enlarged."
        return *size, note
    across = _even(Fraction(long * wanted, short))
    return (across, wanted, None) if width >= height else (wanted, across, None)


def ladder(
    width: int, height: int, rate: Fraction, resolutions: Sequence[str]
) -> tuple[PlannedRendition, ...]:
    """The answers to the requested resolutions, largest first; equal sizes share a track."""
    planned = []
    for resolution in resolutions:
        across, down, note = fit(width, height, resolution)
        cap = _cap(min(across, down), max(across, down), rate)
        planned.append(
            PlannedRendition(
                resolution=resolution,
                track=f"{across}x{down}",
                width=across,
                height=down,
                crf=CRF,
                max_bit_rate=cap,
                profile="main" if min(across, down) < 720 else "high",
                level=level(across, down, rate, cap),
                note=note,
            )
        )
    largest_first = sorted(planned, key=lambda each: (each.width * each.height, SHORT_SIDES[each.resolution]))
    return tuple(reversed(largest_first))


def level(width: int, height: int, rate: Fraction, max_bit_rate: int) -> str:
    """The lowest H.264 level that allows this size, frame rate and bit rate (Annex A, Table A-1)."""
    macroblocks = -(-width // 16) * -(-height // 16)
    for name, per_second, per_frame, kilobits in _LEVELS:
        fits = macroblocks * rate <= per_second and macroblocks <= per_frame
        # Section A.3.1: neither side may exceed sqrt(8 * macroblocks per frame) macroblocks.
        longest = -(-max(width, height) // 16)
        if fits and longest * longest <= 8 * per_frame and max_bit_rate <= kilobits * 1000:
            return name
    return _LEVELS[-1][0]


def _cap(short: int, long: int, rate: Fraction) -> int:
    base = next((cap for side, cap in _CAPS if short <= side), _CAPS[-1][1])
    # The table is for 16:9 at 30 fps. Wider pictures and faster motion cost more.
    width_factor = max(Fraction(1), Fraction(long * 9, short * 16)) if short else Fraction(1)
    rate_factor = Fraction(3, 2) if rate > 40 else Fraction(1)
    return int(base * min(width_factor, Fraction(4)) * rate_factor)


def _even(side: Fraction) -> int:
    return max(_SMALLEST_SIDE, round(side / 2) * 2)

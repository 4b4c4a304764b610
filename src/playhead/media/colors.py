"""Tables that bring a source's colours to BT.709, for ffmpeg's `lut3d` filter.

A table instead of the `zscale` and `tonemap` filters, because every build of ffmpeg has `lut3d`, so that a
video has the same colours wherever it was made; it costs the same, and its curve is a published one. See
`docs/decisions/0022-colours-by-table.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from playhead.model.plan import ColorConversion

CUBE = "colors.cube"
"""The table's name in the scratch folder of the invocation that reads it."""
SIZE = 33
"""Points along each side of the table, as broadcasters use; between them the filter interpolates."""
WHITE_NITS = 203.0
"""The brightness of white paper in HDR (ITU-R BT.2408, table 1), which becomes the white of SDR."""
HLG_NITS = 1000.0
"""The display that HLG is graded for (BT.2100, table 5)."""
GAMMA = 2.4
"""The display of SDR (ITU-R BT.1886)."""

Light = tuple[float, float, float]
Matrix = tuple[Light, Light, Light]

# From linear light of the source's primaries to that of BT.709; D65 white throughout (from the chromaticities
# of ITU-R BT.2020 table 3, SMPTE EG 432-1 and BT.709 table 1).
_TO_BT709: dict[str, Matrix] = {
    "bt2020": (
        (1.660491, -0.587641, -0.072850),
        (-0.124550, 1.132900, -0.008349),
        (-0.018151, -0.100579, 1.118730),
    ),
    "p3": (
        (1.224940, -0.224940, 0.0),
        (-0.042057, 1.042057, 0.0),
        (-0.019638, -0.078636, 1.098274),
    ),
    "bt709": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
_LUMA_2020 = (0.2627, 0.6780, 0.0593)

# BT.2100, table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# BT.2100, table 5.
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_SYSTEM_GAMMA = 1.2


def place(conversion: ColorConversion, folder: Path) -> None:
    """Write the table into a scratch folder. Blocks; the first of its kind takes a quarter of a second."""
    (folder / CUBE).write_text(table(conversion), encoding="ascii")


@lru_cache(maxsize=8)
def table(conversion: ColorConversion) -> str:
    """The table as a `.cube` file: input and output are R'G'B' from 0 to 1; red changes fastest."""
    to_light = _reader(conversion)
    matrix = _TO_BT709[conversion.primaries]
    steps = [index / (SIZE - 1) for index in range(SIZE)]
    lines = [f"LUT_3D_SIZE {SIZE}"]
    for blue in steps:
        for green in steps:
            for red in steps:
                light = _times(matrix, to_light((red, green, blue)))
                # Colours that BT.709 lacks become the nearest it has, channel by channel.
                lines.append(" ".join(f"{min(1.0, max(0.0, each)) ** (1 / GAMMA):.5f}" for each in light))
    return "\n".join(lines) + "\n"


def pq_nits(signal: float) -> float:
    """The light that a PQ signal from 0 to 1 stands for, in cd/m² (BT.2100, table 4: EOTF)."""
    root = signal ** (1 / _M2)
    return float(10_000 * (max(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1))


def pq_signal(nits: float) -> float:
    """The PQ signal from 0 to 1 of a light in cd/m² (BT.2100, table 4: inverse EOTF)."""
    power = (nits / 10_000) ** _M1
    return float(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def rolled_off(nits: float, peak_nits: float) -> float:
    """Light of a source that peaks at `peak_nits`, on a display that peaks at white (ITU-R BT.2390, 5.4.1).

    Dark and middle tones stay as they are; above a knee they bend towards white, which the peak becomes.
    """
    source_peak = pq_signal(peak_nits)
    target = pq_signal(WHITE_NITS) / source_peak
    signal = min(pq_signal(nits) / source_peak, 1.0)
    knee = 1.5 * target - 0.5
    if signal > knee and knee < 1:
        along = (signal - knee) / (1 - knee)
        square, cube = along**2, along**3
        signal = (
            (2 * cube - 3 * square + 1) * knee
            + (cube - 2 * square + along) * (1 - knee)
            + (3 * square - 2 * cube) * target
        )
    return pq_nits(signal * source_peak)


def _reader(conversion: ColorConversion) -> Callable[[Light], Light]:
    """What turns a signal into linear light, where 1 is the white of SDR."""
    peak = max(float(conversion.peak_nits), WHITE_NITS)
    if conversion.transfer == "pq":
        return lambda signal: _mapped((pq_nits(signal[0]), pq_nits(signal[1]), pq_nits(signal[2])), peak)
    if conversion.transfer == "hlg":
        return lambda signal: _mapped(_hlg_nits(signal), peak)
    return lambda signal: (signal[0] ** GAMMA, signal[1] ** GAMMA, signal[2] ** GAMMA)


def _mapped(nits: Light, peak_nits: float) -> Light:
    """Tone-mapped by the largest of the three, so that their proportions, and with them the hue, stay."""
    largest = max(nits)
    if largest <= 0:
        return nits
    factor = rolled_off(largest, peak_nits) / largest / WHITE_NITS
    return (nits[0] * factor, nits[1] * factor, nits[2] * factor)


def _hlg_nits(signal: Light) -> Light:
    red, green, blue = (_hlg_scene(channel) for channel in signal)
    luma = _LUMA_2020[0] * red + _LUMA_2020[1] * green + _LUMA_2020[2] * blue
    factor = HLG_NITS * luma ** (_SYSTEM_GAMMA - 1) if luma > 0 else 0.0
    return (red * factor, green * factor, blue * factor)


def _hlg_scene(signal: float) -> float:
    """The scene's light from 0 to 1 (BT.2100, table 5: inverse OETF)."""
    if signal <= 0.5:
        return signal**2 / 3
    return (math.exp((signal - _C) / _A) + _B) / 12


def _times(matrix: Matrix, light: Light) -> Light:
    red, green, blue = light
    first, second, third = (row[0] * red + row[1] * green + row[2] * blue for row in matrix)
    return (first, second, third)

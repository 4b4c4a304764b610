"""How different two colours look: CIEDE2000 (ISO/CIE 11664-6). About 1 is the least that anyone sees."""

from __future__ import annotations

from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

Rgb = tuple[float, float, float]
"""From 0 to 255, as a BT.709 screen of gamma 2.4 shows it."""
Lab = tuple[float, float, float]

_WHITE = (0.95047, 1.0, 1.08883)


def delta_e(one: Rgb, other: Rgb) -> float:
    """The difference of two colours on a screen."""
    return _ciede2000(_lab(one), _lab(other))


def _lab(rgb: Rgb) -> Lab:
    red, green, blue = ((max(0.0, channel) / 255) ** 2.4 for channel in rgb)
    xyz = (
        0.412391 * red + 0.357584 * green + 0.180481 * blue,
        0.212639 * red + 0.715169 * green + 0.072192 * blue,
        0.019331 * red + 0.119195 * green + 0.950532 * blue,
    )
    x, y, z = (_f(value / white) for value, white in zip(xyz, _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _f(ratio: float) -> float:
    return ratio ** (1 / 3) if ratio > 216 / 24_389 else (24_389 / 27 * ratio + 16) / 116


def _ciede2000(one: Lab, other: Lab) -> float:
    (light1, a1, b1), (light2, a2, b2) = one, other
    mean7 = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    grey = 1.5 - 0.5 * sqrt(mean7 / (mean7 + 25**7))
    chroma1, chroma2 = hypot(a1 * grey, b1), hypot(a2 * grey, b2)
    hue1, hue2 = degrees(atan2(b1, a1 * grey)) % 360, degrees(atan2(b2, a2 * grey)) % 360
    turn = (hue2 - hue1 + 180) % 360 - 180 if chroma1 and chroma2 else 0.0
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    hue = hue1 + hue2 if not (chroma1 and chroma2) else (hue1 + turn / 2) % 360
    weight = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    by_light = (light2 - light1) / (1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2))
    by_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    by_hue = 2 * sqrt(chroma1 * chroma2) * sin(radians(turn / 2)) / (1 + 0.015 * chroma * weight)
    chroma7 = chroma**7
    bend = -2 * sqrt(chroma7 / (chroma7 + 25**7)) * sin(radians(60 * exp(-(((hue - 275) / 25) ** 2))))
    return sqrt(by_light**2 + by_chroma**2 + by_hue**2 + bend * by_chroma * by_hue)

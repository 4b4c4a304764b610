"""What a picture's tags mean for its pixels."""

from __future__ import annotations

import pytest

from playhead.model.plan import ColorConversion
from playhead.processing import picture as pictures
from tests.processing.sources import picture

HDR = {"color_space": "bt2020nc", "color_primaries": "bt2020"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, None),
        ({"color_primaries": "bt709", "color_transfer": "bt709"}, None),
        ({"color_primaries": "smpte170m", "color_transfer": "smpte170m"}, None),
        ({"color_space": "bt2020nc"}, ("sdr", "bt2020", 1000)),
        ({**HDR, "color_transfer": "bt2020-10"}, ("sdr", "bt2020", 1000)),
        ({"color_primaries": "smpte432", "color_transfer": "bt709"}, ("sdr", "p3", 1000)),
        ({**HDR, "color_transfer": "smpte2084"}, ("pq", "bt2020", 1000)),
        ({**HDR, "color_transfer": "smpte2084", "peak_nits": 4000}, ("pq", "bt2020", 4000)),
        ({**HDR, "color_transfer": "smpte2084", "peak_nits": 10**9}, ("pq", "bt2020", 10_000)),
        ({**HDR, "color_transfer": "arib-std-b67", "peak_nits": 4000}, ("hlg", "bt2020", 1000)),
        ({"color_transfer": "smpte2084"}, ("pq", "bt2020", 1000)),
        ({"color_transfer": "smpte2084", "color_primaries": "smpte432"}, ("pq", "p3", 1000)),
        ({"color_transfer": "arib-std-b67", "color_primaries": "film"}, ("hlg", "bt2020", 1000)),
    ],
)
def test_colours(told: dict[str, object], expected: tuple[str, str, int] | None) -> None:
    found = pictures.conversion(picture(**told))
    wanted = expected and ColorConversion(transfer=expected[0], primaries=expected[1], peak_nits=expected[2])
    assert found == wanted


@pytest.mark.parametrize(
    ("told", "matrix"),
    [
        ({}, "bt709"),
        ({"width": 640, "height": 480}, "smpte170m"),
        ({"width": 720, "height": 1280}, "bt709"),
        ({"color_space": "bt470bg"}, "smpte170m"),
        ({"width": 640, "height": 360, "color_space": "bt709"}, "bt709"),
        ({"color_space": "bt2020nc"}, "bt2020"),
        ({"color_primaries": "bt2020"}, "bt2020"),
        ({"color_space": "gbr"}, "bt709"),
    ],
)
def test_matrices(told: dict[str, object], matrix: str) -> None:
    assert pictures.matrix(picture(**told)) == matrix


@pytest.mark.parametrize(
    ("codec", "pixels", "through"),
    [
        ("prores", "yuva444p10le", True),
        ("gif", "bgra", True),
        ("apng", "pal8", True),
        ("qtrle", "argb", True),
        ("prores", "yuv422p10le", False),
        ("rawvideo", "bgra", False),  # its fourth byte is mostly zero, and was never meant
        ("h264", "yuv420p", False),
    ],
)
def test_transparency(codec: str, pixels: str, through: bool) -> None:
    assert pictures.see_through(picture(codec=codec, pixel_format=pixels)) is through

"""Colours come out as their tags say, measured: the largest difference of any patch, in CIEDE2000.

Clips are made by `zscale`, an implementation that owes nothing to ours. For high dynamic range the reference
is the curve of ITU-R BT.2390, written here once more from the recommendation.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from math import log, sqrt
from pathlib import Path

import pytest

from playhead.media.ffmpeg.images import poster_invocation
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.source import guards_of
from playhead.processing.examine import examine
from playhead.processing.planning import plan
from tests.processing.difference import Rgb, delta_e
from tests.processing.patches import PATCHES, clip, colours, through

ACCURATE = 2.5
"""The largest difference allowed of any patch: what encoding in eight bits and 4:2:0 may cost."""
FROM_RGB = "zscale=matrixin=gbr:primariesin=709:transferin=709:rangein=full"


def worst(found: list[Rgb], expected: tuple[Rgb, ...] | list[Rgb]) -> tuple[float, Rgb, Rgb]:
    """The largest difference, and which two colours it is between."""
    return max((delta_e(is_, should), is_, should) for is_, should in zip(found, expected, strict=True))


def _tags(primaries: str, transfer: str, matrix: str) -> str:
    return f"-color_primaries {primaries} -color_trc {transfer} -colorspace {matrix}"


def _clip(folder: Path, to: str, pixels: str, tags: str) -> Path:
    # npl: how many nits white becomes where light is absolute (BT.2408: 203).
    convert = f"format=gbrp,{FROM_RGB}:primaries=709:transfer=709:{to}:npl=203,format={pixels}"
    return clip(folder, f"-vf {convert} -c:v ffv1 {tags} patches.mkv")


USUAL = {
    "bt601 tagged": ("matrix=170m:range=limited", "yuv420p", "-colorspace smpte170m -color_range tv"),
    "bt601 untagged": ("matrix=170m:range=limited", "yuv420p", "-color_range tv"),
    "bt601 with its other tags, ten bits": (
        "matrix=170m:range=limited",
        "yuv422p10le",
        "-colorspace bt470bg -color_primaries bt470bg -color_trc gamma28 -color_range tv",
    ),
    "bt709 tagged": ("matrix=709:range=limited", "yuv420p", "-colorspace bt709 -color_range tv"),
    "full range": ("matrix=709:range=full", "yuv420p", "-colorspace bt709 -color_range pc"),
    "full range, 4:4:4": ("matrix=170m:range=full", "yuv444p", "-colorspace smpte170m -color_range pc"),
    "ten bits": ("matrix=709:range=limited", "yuv422p10le", "-colorspace bt709 -color_range tv"),
    "bt2020 matrix": (
        "matrix=2020_ncl:range=limited",
        "yuv420p",
        "-colorspace bt2020nc -color_primaries bt709",
    ),
    "rgb": ("matrix=gbr:range=full", "gbrp", ""),
}


@pytest.mark.parametrize("name", USUAL)
def test_matrices_and_ranges(name: str, tmp_path: Path) -> None:
    made = through(_clip(tmp_path, *USUAL[name]), tmp_path)
    assert made.plan.color is None
    assert worst(colours(made.path), PATCHES)[0] < ACCURATE


def test_untagged_high_definition_is_bt709(tmp_path: Path) -> None:
    to_709 = f"{FROM_RGB}:primaries=709:transfer=709:matrix=709:range=limited"
    convert = f"format=gbrp,{to_709},format=yuv420p,scale=1280:720:flags=neighbor"
    path = clip(tmp_path, f"-vf {convert} -c:v ffv1 -color_range tv patches.mkv")
    made = through(path, tmp_path)
    small = tmp_path / "small"
    small.mkdir()
    shrunk = clip(small, f"-i {made.path} -map 1:v -vf scale=256:96:flags=area -c:v ffv1 small.mkv")
    assert worst(colours(shrunk), PATCHES)[0] < ACCURATE


@pytest.mark.parametrize(
    ("to", "tags"),
    [
        ("primaries=2020:transfer=2020_10:matrix=2020_ncl", _tags("bt2020", "bt2020-10", "bt2020nc")),
        ("primaries=smpte432:transfer=709:matrix=709", _tags("smpte432", "bt709", "bt709")),
    ],
    ids=["bt2020", "display p3"],
)
def test_wide_colours_of_the_usual_brightness(to: str, tags: str, tmp_path: Path) -> None:
    made = through(_clip(tmp_path, f"{to}:range=limited", "yuv444p10le", f"{tags} -color_range tv"), tmp_path)
    assert made.plan.color is not None
    assert worst(colours(made.path), PATCHES)[0] < ACCURATE


def test_hdr10_follows_bt2390(tmp_path: Path) -> None:
    to = "primaries=2020:transfer=smpte2084:matrix=2020_ncl:range=limited"
    tags = f"{_tags('bt2020', 'smpte2084', 'bt2020nc')} -color_range tv"
    check_mapped(_clip(tmp_path, to, "yuv444p10le", tags), tmp_path)


def test_hlg_follows_bt2390(tmp_path: Path) -> None:
    # zscale applies the system gamma to each channel, and not as BT.2100 to all by their luma: so the signal
    # is made here, and zscale only makes Y'CbCr of it.
    same = "primaries=2020:transfer=arib-std-b67"
    back = "matrixin=gbr:primariesin=2020:transferin=arib-std-b67:rangein=full"
    convert = f"format=gbrp16le,zscale={back}:{same}:matrix=2020_ncl:range=limited,format=yuv444p10le"
    out = f"-vf {convert} -c:v ffv1 {_tags('bt2020', 'arib-std-b67', 'bt2020nc')} -color_range tv patches.mkv"
    signals = [[65_535 * each for each in _hlg(patch)] for patch in PATCHES]
    check_mapped(clip(tmp_path, out, signals, form="rgb48le"), tmp_path)


def check_mapped(path: Path, folder: Path) -> None:
    """Everything is where BT.2390 puts it, and what is darker than its knee is where it was."""
    found = colours(through(path, folder).path)
    assert worst(found, [_bt2390(patch) for patch in PATCHES])[0] < ACCURATE
    # The knee is at 87 nits: most of any film is darker.
    dark = [(is_, should) for is_, should in zip(found, PATCHES, strict=True) if max(should) <= 160]
    assert len(dark) > 10
    assert max(delta_e(is_, should) for is_, should in dark) < ACCURATE
    # White paper gives way to what is brighter, and is still white.
    assert delta_e(found[9], PATCHES[9]) < 8


def _in_2020(patch: Rgb) -> Rgb:
    """Light in cd/m², of the primaries of BT.2020, on a screen whose white is 203."""
    red, green, blue = ((channel / 255) ** 2.4 * 203 for channel in patch)
    return (
        0.627404 * red + 0.329283 * green + 0.043313 * blue,
        0.069097 * red + 0.919540 * green + 0.011362 * blue,
        0.016391 * red + 0.088013 * green + 0.895595 * blue,
    )


def _hlg(patch: Rgb) -> list[float]:
    """The HLG signal that a screen of 1000 cd/m² shows so (BT.2100, table 5)."""
    light = _in_2020(patch)
    luma = 0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2]
    scene = [each / 1000 * (luma / 1000) ** (1 / 1.2 - 1) if luma else 0.0 for each in light]
    return [
        sqrt(3 * each) if each <= 1 / 12 else 0.17883277 * log(12 * each - 0.28466892) + 0.55991073
        for each in scene
    ]


def _pq(nits: float) -> float:
    power = (nits / 10_000) ** (2610 / 16_384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def _from_pq(signal: float) -> float:
    """By bisection: the formula's inverse is what is being tested."""
    low, high = 0.0, 10_000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _pq(middle) < signal else (low, middle)
    return low


def _bt2390(patch: Rgb) -> Rgb:
    """The patch, its white at 203 of 1000 nits, as BT.2390's 5.4.1 shows it on a screen whose white is 203."""
    largest = max(_in_2020(patch))
    if largest == 0:
        return patch
    peak = _pq(1000)
    top = _pq(203) / peak
    knee, signal = 1.5 * top - 0.5, _pq(largest) / peak
    if signal > knee:
        t = (signal - knee) / (1 - knee)
        signal = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
        signal += (-2 * t**3 + 3 * t**2) * top
    factor = _from_pq(signal * peak) / largest / 203
    red, green, blue = (channel * (203 * factor) ** (1 / 2.4) for channel in patch)
    return red, green, blue


THROUGH = {
    "qtrle": "-c:v qtrle -pix_fmt argb patches.mov",
    "apng": "-f apng -plays 0 -pix_fmt rgba patches.png",
    "prores": "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le -colorspace bt709 patches.mov",
    "ffv1": "-c:v ffv1 -pix_fmt bgra patches.mkv",
    "vp8": "-c:v libvpx -pix_fmt yuva420p -auto-alt-ref 0 -b:v 9M -crf 4 -qmin 0 -qmax 4 patches.webm",
    "vp9": "-c:v libvpx-vp9 -pix_fmt yuva420p -auto-alt-ref 0 -lossless 1 patches.webm",
}


HIDDEN, HALF, SOLID = (255, 0, 255, 0), (200, 100, 50, 128), (200, 100, 50, 255)
SHOWN: list[Rgb] = [(0, 0, 0), (100.4, 50.2, 25.1), (200, 100, 50)]


def _see_through(folder: Path, name: str, frames: int = 5) -> Path:
    return clip(folder, THROUGH[name], (HIDDEN, HALF, SOLID, *([HIDDEN] * 5)), frames, form="rgba")


@pytest.mark.parametrize("name", THROUGH)
def test_what_is_see_through_shows_black(name: str, tmp_path: Path) -> None:
    made = through(_see_through(tmp_path, name), tmp_path)
    assert worst(colours(made.path, 3), SHOWN)[0] < ACCURATE


@pytest.mark.parametrize("name", ["qtrle", "vp8", "vp9"])
def test_so_it_does_in_a_poster_from_the_middle(name: str, tmp_path: Path) -> None:
    path, output = _see_through(tmp_path, name, frames=50), tmp_path / "poster.jpg"
    sandbox = NoSandbox(find_tools())
    info, timeline, _ = asyncio.run(examine(path, sandbox, 3600))
    poster = poster_invocation(
        path,
        guards_of(path),
        info.shown,
        output,
        plan(info, timeline, ["8k"], ()),
        at_seconds=1.0,
        size=(256, 32),
        choose=False,
    )
    asyncio.run(run(poster, sandbox=sandbox))
    found = colours(clip(tmp_path, f"-i {output} -map 1:v -vf scale=out_color_matrix=bt709 seen.mkv"), 3)
    assert worst(found, SHOWN)[0] < 2 * ACCURATE  # a JPEG is less exact


WITHOUT = """#!/bin/sh
for each; do
    case $each in libvpx*) echo "Unknown decoder '$each'" >&2; exit 1;; esac
done
exec {ffmpeg} "$@"
"""


@pytest.mark.parametrize("name", ["vp8", "vp9"])
def test_without_the_decoder_it_is_shown_as_solid(name: str, tmp_path: Path) -> None:
    path, tools, poor = _see_through(tmp_path, name), find_tools(), tmp_path / "ffmpeg"
    poor.write_text(WITHOUT.format(ffmpeg=tools.ffmpeg))
    poor.chmod(0o755)
    info, timeline, _ = asyncio.run(examine(path, NoSandbox(replace(tools, ffmpeg=poor)), 3600))
    planned = plan(info, timeline, ["8k"], ())
    assert (planned.over_black, planned.decoder) == (False, None)

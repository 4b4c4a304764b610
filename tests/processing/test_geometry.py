"""What is shown of a picture, and where it goes when it is turned: by numbers, and by the pixels at the edge."""

from __future__ import annotations

import asyncio
import struct
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.media.local import LocalBytes
from playhead.media.mp4 import Track, read_movie
from playhead.model.errors import PlayheadError
from playhead.model.media import Rectangle
from playhead.processing.geometry import check_track, clean_aperture, displayed_size, turned
from tests.media.samples import boxes, sample
from tests.media.samples.boxes import TURNS
from tests.media.samples.cache import Cache
from tests.media.samples.rates import PLAIN_MOOV_LAST
from tests.media.samples.recipes import edit
from tests.processing.patches import through

ONE = 1 << 16


def track_of(path: Path) -> Track:
    video = asyncio.run(read_movie(LocalBytes(path))).video
    assert video is not None
    return video


def with_clap(*numbers: int) -> Track:
    box = boxes.make_box("clap", struct.pack(f">{len(numbers)}i", *numbers))
    return track_of(Cache().take(edit(PLAIN_MOOV_LAST, boxes.extend_entry, box), "clap.mp4"))


@pytest.mark.parametrize(
    ("size", "aspect", "rotation", "shown"),
    [
        ((1920, 1080), Fraction(1), 0, (1920, 1080)),
        ((720, 576), Fraction(16, 15), 0, (768, 576)),
        ((720, 576), Fraction(16, 15), 90, (576, 768)),
        ((1, 1), Fraction(1, 16), 0, (1, 1)),
    ],
)
def test_size(size: tuple[int, int], aspect: Fraction, rotation: int, shown: tuple[int, int]) -> None:
    assert displayed_size(*size, aspect, rotation) == shown


@pytest.mark.parametrize(
    ("size", "aspect"),
    [
        ((9000, 16), Fraction(1)),
        ((16, 9000), Fraction(1)),
        ((800, 100), Fraction(11)),
        ((8, 8), Fraction(1, 17)),
    ],
)
def test_too_large_or_too_stretched(size: tuple[int, int], aspect: Fraction) -> None:
    with pytest.raises(PlayheadError, match="limit_dimensions"):
        displayed_size(*size, aspect, 0)


def test_clean_aperture_is_read_from_its_centre() -> None:
    assert clean_aperture(with_clap(160, 1, 90, 1, 0, 1, 0, 1), 320, 180) == Rectangle(160, 90, 80, 45)
    assert clean_aperture(with_clap(160, 1, 90, 1, -80, 1, 90, 2), 320, 180) == Rectangle(160, 90, 0, 90)


@pytest.mark.parametrize(
    "numbers",
    [
        (320, 1, 180, 1, 0, 1, 0, 1),
        (400, 1, 90, 1, 0, 1, 0, 1),
        (160, 1, 90, 1, 200, 1, 0, 1),
        (0, 1, 0, 1, 0, 1, 0, 1),
        (160, 0, 90, 1, 0, 1, 0, 1),
        (160, 1, 90),
    ],
    ids=["all of it", "more than all", "outside", "nothing", "divided by zero", "cut off"],
)
def test_a_clean_aperture_without_sense_hides_nothing(numbers: tuple[int, ...]) -> None:
    assert clean_aperture(with_clap(*numbers), 320, 180) is None


def test_a_track_that_does_not_say_how_it_is_coded_has_none() -> None:
    """As a mutation had it: ffmpeg decodes such a file all the same."""
    damaged = replace(track_of(sample("clean_aperture").path()), sample_entries=())
    assert clean_aperture(damaged, 320, 180) is None
    with pytest.raises(PlayheadError, match="corrupt_file"):
        damaged.sample_entry  # noqa: B018 - reading it is what fails


def test_no_clean_aperture() -> None:
    assert clean_aperture(track_of(sample("fps_25").path()), 320, 180) is None


@given(
    st.sampled_from(sorted(TURNS)),
    st.integers(2, 50),
    st.integers(2, 50),
    st.data(),
)
def test_turning_moves_every_pixel_as_the_matrix_says(
    name: str, width: int, height: int, data: st.DataObject
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    part = Rectangle(
        data.draw(st.integers(1, width - left)), data.draw(st.integers(1, height - top)), left, top
    )
    a, b, c, d = TURNS[name]
    found = turned(part, width, height, (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30))
    # Pixel by pixel, by their centres, moved so that the whole begins at 0,0.
    moved = [(a * x + c * y, b * x + d * y) for x in range(width) for y in range(height)]
    first_x, first_y = min(x for x, _ in moved), min(y for _, y in moved)
    inside = [
        (a * x + c * y - first_x, b * x + d * y - first_y)
        for x in range(left, left + part.width)
        for y in range(top, top + part.height)
    ]
    xs, ys = [x for x, _ in inside], [y for _, y in inside]
    assert found == Rectangle(max(xs) - min(xs) + 1, max(ys) - min(ys) + 1, min(xs), min(ys))


def test_only_quarter_turns_are_turned() -> None:
    slanted = (ONE, ONE, 0, -ONE, ONE, 0, 0, 0, 1 << 30)
    assert turned(Rectangle(2, 2, 0, 0), 4, 4, slanted) is None
    assert turned(Rectangle(2, 2, 0, 0), 4, 4, (0,) * 9) is None


@pytest.mark.parametrize("name", ["bomb_header_giant", "bomb_sar_tall", "bomb_sar_wide"])
def test_tracks_beyond_the_limits_are_known_without_decoding(name: str) -> None:
    with pytest.raises(PlayheadError, match="limit_dimensions"):
        check_track(track_of(sample(name).path()))


@pytest.mark.parametrize("name", ["fps_25", "sar_4_3", "sar_rotated", "rotate_90", "clean_aperture"])
def test_usual_tracks_are_within_the_limits(name: str) -> None:
    check_track(track_of(sample(name).path()))


@pytest.mark.parametrize("name", ["clean_aperture", "clean_aperture_turned", "crop_bitstream_left"])
def test_no_pixel_of_what_was_hidden_is_left(name: str, tmp_path: Path) -> None:
    # What is hidden is magenta: more red and blue than green. The picture's edge has none of it but at the
    # red and blue corners, a quarter of each side; the frame's outermost pixels are looked at one by one.
    made = through(sample(name).path(), tmp_path)
    width, height = made.plan.renditions[0].width, made.plan.renditions[0].height
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(made.path),
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgb24",
    ]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout

    def magenta(x: int, y: int) -> int:
        red, green, blue = raw[3 * (y * width + x) :][:3]
        return min(red, blue) - green

    edge = [(x, y) for x in range(width) for y in (0, height - 1)]
    edge += [(x, y) for y in range(height) for x in (0, width - 1)]
    assert max(magenta(x, y) for x, y in edge) < 60  # all of it: 255

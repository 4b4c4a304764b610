"""The judges see what is there: each is shown files that differ in one known way."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import checks
from tests.media.samples import Cache, sample
from tests.media.samples.flags import H264_MP4
from tests.media.samples.pictures import Picture, bar_code, number_of
from tests.media.samples.recipes import Encode


def path_of(name: str) -> Path:
    return sample(name).path()


def test_inspect_tells_everything_of_a_plain_file() -> None:
    seen = checks.inspect_mp4(path_of("fps_25"))
    assert (seen.codec, seen.profile, seen.pixel_format) == ("h264", "High", "yuv420p")
    assert (seen.width, seen.height, seen.shown) == (320, 180, (320, 180))
    assert (seen.frames, len(seen.frame_times)) == (50, 50)
    assert seen.keyframe_times == (0.0, 1.0)
    assert seen.duration == pytest.approx(2.0, abs=0.03)
    assert seen.video_seconds == pytest.approx(2.0, abs=0.001)
    assert (seen.audio_codec, seen.audio_channels, seen.audio_rate, seen.audio_tracks) == (
        "aac",
        2,
        48_000,
        1,
    )
    assert seen.audio_seconds == pytest.approx(2.0, abs=0.03)
    assert seen.warnings == ()


def test_inspect_tells_faststart_from_moov_last() -> None:
    assert checks.describe(path_of("fps_25")).faststart
    assert not checks.describe(path_of("moov_last")).faststart


def test_inspect_turns_and_stretches_as_a_player_would() -> None:
    turned = checks.describe(path_of("rotate_90"))
    assert (turned.rotation, turned.width, turned.height, turned.shown) == (90, 320, 180, (180, 320))
    wide = checks.describe(path_of("sar_4_3"))
    assert (wide.sample_aspect_ratio, wide.shown) == (Fraction(4, 3), (320, 180))


def test_inspect_reports_what_decoders_complain_of() -> None:
    assert checks.inspect_mp4(path_of("hole")).warnings


def test_a_file_without_pictures_is_an_error() -> None:
    with pytest.raises(checks.JudgeError, match="no video stream"):
        checks.describe(path_of("only_sound_mp3_with_cover"))
    with pytest.raises(checks.JudgeError):
        checks.describe(path_of("noise"))


def test_corners_tell_a_turned_picture_from_an_upright_one(tmp_path: Path) -> None:
    assert checks.corner_colours(path_of("fps_25"), 1.0) == checks.CORNERS
    upside_down = Cache(tmp_path).take(Encode(f"-vf hflip,vflip {H264_MP4}"), "a.mp4")
    assert checks.corner_colours(upside_down) == {
        "top_left": "yellow",
        "top_right": "blue",
        "bottom_left": "green",
        "bottom_right": "red",
    }


def test_corners_name_a_foreign_colour_by_its_value(tmp_path: Path) -> None:
    grey = Cache(tmp_path).take(Encode(f"-vf hue=s=0 {H264_MP4}"), "a.mp4")
    assert all(colour.startswith("#") for colour in checks.corner_colours(grey).values())


def test_corners_need_a_frame() -> None:
    with pytest.raises(checks.JudgeError, match="no frame"):
        checks.corner_colours(path_of("fps_25"), 9.0)


def test_frame_numbers_show_dropped_and_doubled_frames(tmp_path: Path) -> None:
    assert checks.frame_numbers(path_of("fps_25")) == list(range(50))
    dropped = Cache(tmp_path).take(
        Encode(f"-vf select=n-3 -fps_mode passthrough {H264_MP4}", Picture(frames=6)), "a.mp4"
    )
    assert checks.frame_numbers(dropped) == [0, 1, 2, 4, 5]
    doubled = Cache(tmp_path).take(Encode(f"-r 50 {H264_MP4}", Picture(frames=3)), "a.mp4")
    assert checks.frame_numbers(doubled)[:5] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("number", [0, 1, 49, 4095])
def test_bar_codes_are_read_back_and_damage_is_noticed(number: int) -> None:
    levels = [255 * bit for bit in bar_code(number)]
    assert number_of(levels) == number
    for at in range(16):
        assert number_of([*levels[:at], 255 - levels[at], *levels[at + 1 :]]) != number


def test_framemd5_is_of_pictures_not_of_packaging() -> None:
    plain = checks.framemd5(path_of("fps_25"))
    assert len(plain) == 50
    assert checks.framemd5(path_of("moov_last")) == plain
    assert checks.framemd5(path_of("no_b_frames")) != plain


def test_packet_hashes_tell_a_copy_from_an_encode() -> None:
    assert checks.packet_hashes(path_of("moov_last")) == checks.packet_hashes(path_of("fps_25"))
    assert checks.packet_hashes(path_of("moov_last"), "a:0") == checks.packet_hashes(path_of("fps_25"), "a:0")
    assert checks.packet_hashes(path_of("no_b_frames")) != checks.packet_hashes(path_of("fps_25"))


@pytest.mark.parametrize(("name", "seconds"), [("fps_25", 0.0), ("sound_late", 0.5), ("sound_early", -0.5)])
def test_sound_starts_where_it_was_put(name: str, seconds: float) -> None:
    assert checks.sound_starts(path_of(name)) == pytest.approx(seconds, abs=0.05)


def test_sound_needs_a_sound(tmp_path: Path) -> None:
    silent = Cache(tmp_path).take(Encode(f"-af volume=0 {H264_MP4}"), "a.mp4")
    with pytest.raises(checks.JudgeError, match="silence"):
        checks.sound_starts(silent)

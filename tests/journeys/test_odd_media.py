"""Every odd and broken sample through a real server: ready and right, or failed by name; never stuck."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.journeys import parade
from tests.live import Live
from tests.media.samples import SAMPLES, Sample

WITHIN = 300.0
"""Seconds until all of them must be over; they are sent at once and wait for each other."""

# Of each kind the cases that differ most: `make soak` runs them all.
OFTEN = frozenset(
    {
        *("fps_1", "fps_23_976", "fps_25", "fps_59_94", "fps_240", "vfr_dim_light", "vfr_burst"),
        *("one_frame", "one_frame_long_sound", "long_gop", "open_gop"),
        *("rotate_90", "rotate_180", "mirror_rotate_270", "size_1x1", "size_641x359", "size_32x2048"),
        *("size_7680x4320", "sar_pal", "sar_rotated", "crop_bitstream_left", "clean_aperture"),
        *("clean_aperture_turned", "size_changes", "no_audio", "sound_7_1", "sound_three_tracks"),
        *("sound_unknown", "sound_longer", "sound_shorter", "sound_late", "sound_early", "sound_gap"),
        *(
            "only_sound_wav",
            "only_sound_mp3",
            "only_sound_aac",
            "only_sound_m4a_with_cover",
            "video_with_cover",
            "h264_4_2_2_10_bit",
        ),
        *("h264_full_range", "h264_rgb", "hevc_10_bit", "avi_mpeg2", "avi_mpeg4_b_frames", "avi_raw"),
        *("wmv", "ogv", "prores_4444_alpha", "dv", "flv", "real_media", "mpeg_ts", "webm_recorded"),
        *("av1_10_bit", "gif", "gif_one_frame", "apng", "webp_animated", "swf", "named_nothing"),
        *("trailing_garbage", "ts_twice", "edit_trimmed", "edit_empty_first", "fragmented_every_frame"),
        *("ts_wrap", "mkv_late_clock", "negative_times", "avi_no_times", "interlaced_mpeg2", "telecine"),
        *(
            "no_ftyp",
            "colour_hdr10",
            "colour_hlg",
            "colour_bt2020_sdr",
            "dolby_vision_5",
            "dolby_vision_8",
            "dolby_vision_8_4_rpu",
        ),
        *("subtitles_longer", "subtitles_pictures", "two_pictures"),
    }
)


def _param(sample: Sample) -> object:
    often = sample.category == "broken" or sample.name in OFTEN
    return pytest.param(sample, id=sample.name, marks=() if often else pytest.mark.soak)


@pytest.fixture(scope="module")
def sent(request: pytest.FixtureRequest, live_server: Live) -> dict[str, tuple[str | None, str | None]]:
    """By sample, its video's id, or the code it was refused with at once."""
    return parade.together(live_server, parade.chosen(request))


@pytest.mark.parametrize("sample", [_param(each) for each in SAMPLES])
def test_a_sample_ends_well_or_by_name(
    sample: Sample, sent: dict[str, tuple[str | None, str | None]], live_server: Live, tmp_path: Path
) -> None:
    ending = parade.ended(live_server, sent[sample.name], time.monotonic(), WITHIN)
    assert parade.disagreements(sample, ending, tmp_path) == []
    if sample.name == "sound_unknown":
        assert ending.video["source"]["notes"] == [
            "A sound in g723_1 cannot be decoded here and is left out."
        ]


def test_those_run_often_exist() -> None:
    assert {each.name for each in SAMPLES} >= OFTEN

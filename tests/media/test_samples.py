"""Each recipe makes what it claims: checked with the ffmpeg of this machine, undefended.

What is broken must be seen to be broken, what is odd must be seen to be odd; else a table of expected
outcomes would prove nothing about the product.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.media import checks
from tests.media.samples import SAMPLES, Cache, Ready, Sample, colours, sample
from tests.media.samples.often import is_tried_often
from tests.media.samples.recipes import Literal

ODD = [each for each in SAMPLES if isinstance(each.expect, Ready)]
REFUSED = [each for each in SAMPLES if not each.may_be_ready]
ARGUABLE = [each for each in SAMPLES if each not in ODD and each not in REFUSED]

# What plain ffmpeg 5.1 gets wrong, so that only the product can be held to the expectation.
NOT_READ_BY_FFMPEG = {"clean_aperture", "clean_aperture_turned", "sound_unknown"}


def names(samples: list[Sample]) -> list[str]:
    return [each.name for each in samples]


def often(samples: list[Sample]) -> list[object]:
    """All of them to be tried, those that are not tried often by `make soak`."""
    return [
        pytest.param(each, id=each.name, marks=() if is_tried_often(each) else pytest.mark.soak)
        for each in samples
    ]


def test_names_are_unique() -> None:
    assert len(set(names(list(SAMPLES)))) == len(SAMPLES)


@pytest.mark.parametrize("each", often(ODD))
def test_odd_sample_shows_what_it_claims(each: Sample) -> None:
    expect = each.ready
    assert expect is not None
    path = each.path()
    if each.name == "webp_animated":  # which ffmpeg cannot decode
        with Image.open(path) as animation:
            assert (animation.size, getattr(animation, "n_frames", 1)) == ((160, 90), 20)
        return
    if expect.only_sound:
        assert _only_sound(path)
        return
    told = checks.describe(path)
    frames = checks.frames_seen(path, convert=colours.BACK.get(each.name, "null"))
    if each.name in NOT_READ_BY_FFMPEG:
        return
    assert (told.audio_tracks > 0) == expect.has_audio
    assert told.shown == (expect.width, expect.height)
    if expect.frames is not None:
        assert len(frames) == expect.frames
    if expect.marks:
        assert frames[0].corners == checks.CORNERS
        assert frames[-1].corners == checks.CORNERS
    if expect.marks and expect.frames is not None:
        assert [frame.number for frame in frames] == list(range(expect.frames))
    assert _seconds(told, len(frames)) == pytest.approx(expect.duration_seconds, abs=expect.tolerance_seconds)
    if expect.sound_starts_seconds:
        assert checks.sound_starts(path) == pytest.approx(expect.sound_starts_seconds, abs=0.05)


def _seconds(told: checks.Described, frames: int) -> float:
    """The longer of pictures and sound. Where timestamps are missing or jump, frames are counted."""
    if len(told.frame_times) == len(set(told.frame_times)) == frames:
        starts = 0.0 if told.container.startswith("mov") else told.frame_times[0]
        return max(told.frame_times[-1] - starts, told.video_seconds, told.audio_seconds)
    return max(frames / 25, told.audio_seconds)


@pytest.mark.parametrize("each", often(REFUSED))
def test_refused_sample_has_the_fault_it_claims(each: Sample) -> None:
    path = each.path()
    faults = {code for code in each.codes if FAULTS[code](path)}
    assert faults, f"none of {sorted(each.codes)} is what ffmpeg finds"


@pytest.mark.parametrize("each", often(ARGUABLE))
def test_arguable_sample_can_be_made(each: Sample) -> None:
    assert each.path().stat().st_size > 0
    assert len(each.outcomes) > 1


def _streams(path: Path) -> list[str]:
    return [stream["codec_type"] for stream in checks.probe(path)["streams"]]


def _only_sound(path: Path) -> bool:
    with pytest.raises(checks.JudgeError, match="no video stream"):
        checks.describe(path)
    return "audio" in _streams(path)


def _decoded(path: Path) -> tuple[int, str]:
    """How many frames come out, and what was complained of on the way."""
    done = subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-v",
            "warning",
            "-i",
            path,
            "-map",
            "0:v:0",
            "-map",
            "0:a?",
            "-f",
            "framemd5",
            "-",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return sum(line.startswith("0,") for line in done.stdout.splitlines()), done.stderr


def _damaged(path: Path) -> bool:
    frames, complaints = _decoded(path)
    return frames < 50 or "corrupt" in complaints or "partial file" in complaints


def _not_moving(path: Path) -> bool:
    return _decoded(path)[0] <= 1


def _off_the_list(path: Path) -> bool:
    try:
        container = checks.probe(path)["format"]["format_name"]
    except checks.JudgeError:
        return True
    return container == "swf" or _decoded(path)[0] == 0


def _dolby_vision_alone(path: Path) -> bool:
    sides = (side for stream in checks.probe(path)["streams"] for side in stream.get("side_data_list", ()))
    return any(side.get("dv_profile") == 5 for side in sides)


PLAINLY = ("-f", "framemd5", "-")

FAULTS = {
    "empty_file": lambda path: path.stat().st_size == 0,
    "not_a_video": _not_moving,
    "no_video_stream": _only_sound,
    "no_frames": lambda path: _decoded(path)[0] == 0,
    "corrupt_file": _damaged,
    "encrypted_file": lambda path: b"cenc" in path.read_bytes() and _damaged(path),
    "unsupported_codec": lambda path: _decoded(path)[0] == 0 or _dolby_vision_alone(path),
    "unsupported_format": _off_the_list,
}


def test_cut_files_are_whole_before_the_cut() -> None:
    whole = checks.inspect_mp4(sample("fps_25").path())
    assert (whole.frames, whole.warnings) == (50, ())


def test_cache_makes_a_file_once_and_leaves_nothing_else(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = cache.take(Literal(b"same"), "a.mp4")
    first.touch()
    written = first.stat().st_mtime_ns
    assert cache.take(Literal(b"same"), "b.mp4") == first
    assert first.stat().st_mtime_ns == written
    assert cache.take(Literal(b"other"), "a.mp4") != first
    assert list((tmp_path / "attempts").iterdir()) == []


def test_hostile_names_never_reach_the_disk(tmp_path: Path) -> None:
    path = Cache(tmp_path).take(Literal(b"x"), "../../etc/\x1b[31m.mp4")
    assert path.name == "sample.mp4"
    assert path.is_relative_to(tmp_path)


def test_sources_can_be_made_again_to_the_byte(tmp_path: Path) -> None:
    for name in ("fps_25", "hevc", "webm_vp9", "mpeg_ts", "edit_trimmed"):
        again = Cache(tmp_path).take(sample(name).make, sample(name).filename)
        assert again.read_bytes() == sample(name).path().read_bytes(), name

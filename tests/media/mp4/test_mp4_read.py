"""The index against ffprobe's reading of the same files, over the shapes files come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playhead.media.mp4 import Movie, Track, codec_string, read_movie
from tests.media.mp4.clips import AAC, BFRAMES, VFR, X264, FileBytes, ffmpeg, ffprobe, packets, picture, sound

FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov")
SHAPES: dict[str, tuple[str, ...]] = {
    "plain.mp4": (*picture(1), *X264, *BFRAMES),
    "faststart.mp4": (*picture(1), *X264, *BFRAMES, "-movflags", "+faststart"),
    "ntsc.mov": (*picture(1, "30000/1001"), *sound(1), *X264, *BFRAMES, *AAC),
    "vfr.mp4": (*picture(2), "-vf", VFR, "-fps_mode", "vfr", *X264, *BFRAMES),
    "sound.mp4": (*picture(1), *sound(1), *X264, *BFRAMES, *AAC),
    "two_sounds.mp4": (
        *picture(1), *sound(1), *sound(1, 880), "-map", "0", "-map", "1", "-map", "2", *X264, *AAC,
        "-metadata:s:a:1", "language=deu",
    ),
    "intra.mp4": (*picture(1), *X264, "-g", "1"),
    "negative.mp4": (*picture(1), *X264, *BFRAMES, "-movflags", "+negative_cts_offsets"),
    "late.mp4": (*picture(1), "-itsoffset", "0.5", *sound(1), *X264, *BFRAMES, *AAC),
    "fragmented.mp4": (*picture(2), *sound(2), *X264, *BFRAMES, *AAC, *FRAGMENTED),
    "based.mp4": (
        *picture(2), *sound(2), *X264, *BFRAMES, *AAC, *FRAGMENTED, "-movflags", "+default_base_moof",
    ),
    "delayed.mp4": (*picture(2), *X264, *BFRAMES, "-movflags", "+frag_keyframe+delay_moov"),
    "first_in_moov.mp4": (*picture(2), *X264, *BFRAMES, "-movflags", "+frag_keyframe"),
}  # fmt: skip


@pytest.fixture(scope="module", params=SHAPES)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shapes") / str(request.param)
    ffmpeg(*SHAPES[str(request.param)], path)
    return path


async def test_every_track_is_read_as_ffprobe_reads_it(clip: Path) -> None:
    source = FileBytes(clip)
    movie = await read_movie(source)
    assert movie.complete
    for kind in ("video", "audio"):
        for number, track in enumerate(movie.of_kind(kind)):
            _compare(track, packets(clip, f"{kind[0]}:{number}"))


def _compare(track: Track, expected: list[dict[str, Any]]) -> None:
    samples = track.samples
    sync = set(range(samples.count)) if samples.sync is None else set(samples.sync)
    seen = [
        (packet["pts"], int(packet["size"]), int(packet["pos"]), "K" in packet["flags"])
        for packet in expected
    ]
    ours = [
        (time, size, offset, number in sync)
        for number, (time, size, offset) in enumerate(
            zip(track.presentation_times, samples.sizes, samples.offsets, strict=True)
        )
    ]
    assert ours == seen
    assert samples.count == len(expected)


async def test_only_the_index_is_read(tmp_path: Path) -> None:
    clip = tmp_path / "large.mp4"
    ffmpeg(*picture(3, "25"), *X264, "-qp", "1", clip)
    source = FileBytes(clip)
    await read_movie(source)
    assert source.reads <= 3
    assert source.bytes_read < 20_000 < source.size // 10


async def test_two_sounds_keep_their_languages(tmp_path: Path) -> None:
    clip = tmp_path / "two.mp4"
    ffmpeg(*SHAPES["two_sounds.mp4"], clip)
    movie = await read_movie(FileBytes(clip))
    assert [track.language for track in movie.of_kind("audio")] == ["und", "deu"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("-c:v", "libx264", "-profile:v", "high", "-level", "3.1"), "avc1.64001f"),
        (("-c:v", "libx264", "-profile:v", "baseline", "-level", "3"), "avc1.42c01e"),
        (("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"), "hvc1.1.6.L30.90"),
        (("-c:v", "libvpx-vp9", "-strict", "-1"), "vp09.00.10.08"),
        (("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"), "av01.0.00M.08"),
    ],
)
async def test_codecs_are_named_as_players_ask(arguments: tuple[str, ...], name: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg(*picture(0.2), "-pix_fmt", "yuv420p", *arguments, clip)
    assert await _video_name(clip) == name


async def _video_name(clip: Path) -> str:
    movie: Movie = await read_movie(FileBytes(clip))
    assert movie.video is not None
    return codec_string(movie.video.sample_entry)


@pytest.mark.parametrize(
    ("suffix", "arguments", "name"),
    [
        ("mp4", AAC, "mp4a.40.2"),
        ("mov", AAC, "mp4a.40.2"),
        ("mp4", ("-c:a", "libmp3lame"), "mp4a.6B"),
        ("mp4", ("-c:a", "libopus"), "opus"),
        ("mp4", ("-c:a", "ac3"), "ac-3"),
        ("mp4", ("-c:a", "flac", "-strict", "-2"), "fLaC"),
        ("mov", ("-c:a", "pcm_s16le"), "sowt"),
    ],
)
async def test_sounds_are_named_as_players_ask(
    suffix: str, arguments: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    clip = tmp_path / f"clip.{suffix}"
    ffmpeg(*sound(0.5), *arguments, clip)
    movie = await read_movie(FileBytes(clip))
    track = next(movie.of_kind("audio"))
    assert codec_string(track.sample_entry) == name


async def test_a_turned_picture_says_so(tmp_path: Path) -> None:
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    ffmpeg(*picture(0.2), *X264, plain)
    ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
    movie = await read_movie(FileBytes(turned))
    assert movie.video is not None
    # ffprobe tells degrees counter-clockwise, between -180 and 180.
    told = ffprobe(
        "-select_streams", "v:0", "-show_entries", "stream_side_data=rotation", "-of", "csv=p=0", turned
    )
    assert movie.video.rotation == -int(told.strip().strip(",")) % 360 == 270
    assert (movie.video.width, movie.video.height) == (128, 72)

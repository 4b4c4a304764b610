"""What a source really is, by its packets and its first frame, whatever its headers claim."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from playhead.media.ffmpeg import probe
from playhead.media.ffmpeg.probe import FirstFrame, Packets, read_claims, read_frame, read_packets
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, MediaInfo, Rectangle, VideoTrack
from playhead.processing import timeline as timelines
from playhead.processing.examine import examine
from playhead.processing.own_index import OwnIndex, read_own_index
from playhead.processing.probing import Probing
from playhead.processing.timeline import Timeline
from tests.media.samples import sample

SANDBOX = NoSandbox(find_tools())
HALF_A_DAY = 12 * 3600.0


async def examined(name: str, longest: float = HALF_A_DAY) -> tuple[MediaInfo, Timeline]:
    return (await examine(sample(name).path(), SANDBOX, longest))[:2]


async def film(name: str) -> VideoTrack:
    video = (await examined(name))[0].video
    assert video is not None
    return video


async def test_a_usual_file() -> None:
    info, timeline = await examined("fps_29_97")
    video = info.video
    assert video is not None
    assert (video.codec, video.width, video.height, video.rotation) == ("h264", 320, 180, 0)
    assert video.frame_rate == (30_000, 1001)
    assert info.audio is not None
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels) == ("aac", 48_000, 2)
    assert info.duration_seconds == pytest.approx(2.002)
    assert info.audio.end_seconds == pytest.approx(2.0, abs=0.05)
    assert timeline.count == 60


@pytest.mark.parametrize(
    ("name", "shown", "rotation"),
    [
        ("rotate_90", (180, 320), 90),
        ("mirror", (320, 180), 180),  # as ffprobe reads a mirror; which sides are long is all that counts
        ("sar_rotated", (180, 320), 90),
        ("crop_bitstream", (320, 180), 0),
        ("size_1x1", (1, 1), 0),
    ],
)
async def test_sizes_are_those_shown(name: str, shown: tuple[int, int], rotation: int) -> None:
    video = await film(name)
    assert (video.width, video.height, video.rotation) == (*shown, rotation)


async def test_a_clean_aperture_is_where_it_is_once_turned() -> None:
    assert (await film("clean_aperture")).aperture == Rectangle(320, 180, 16, 16)
    video = await film("clean_aperture_turned")
    assert (video.width, video.height, video.aperture) == (180, 320, Rectangle(180, 320, 8, 24))
    assert (await film("fps_25")).aperture is None


async def test_only_sound_that_can_be_heard_counts() -> None:
    assert [track.language for track in (await examined("sound_three_tracks"))[0].other_audio] == [
        "deu",
        "jpn",
    ]
    assert (await examined("sound_unknown"))[0].audio is None
    assert (await examined("no_audio"))[0].audio is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cut_moov_first_90", "corrupt_file"),
        ("encrypted", "encrypted_file"),
        ("init_only", "no_frames"),
        ("unknown_codec", "unsupported_codec"),
        ("dolby_vision_5", "unsupported_codec"),
        ("bomb_100_hours", "limit_duration"),
        ("bomb_empty_edit_for_ever", "limit_duration"),
        ("bomb_1000_fps", "limit_frame_rate"),
        ("bomb_wide", "limit_dimensions"),
        ("bomb_100_streams_mkv", "limit_streams"),
        ("bomb_table_stts", "corrupt_file"),
    ],
)
async def test_refused_by_name(name: str, code: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        await examined(name)
    assert caught.value.code == code


async def test_refused_by_name_though_its_own_index_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ffprobe says first must not end the reading of the index: that looked like a worker being stopped."""

    async def slow(path: Path, container: str | None = "mp4") -> OwnIndex:
        await asyncio.sleep(3)
        return await read_own_index(path, container)

    monkeypatch.setattr("playhead.processing.examine.read_own_index", slow)
    for name, code in (("init_only", "no_frames"), ("unknown_codec", "unsupported_codec")):
        with pytest.raises(PlayheadError) as caught:
            await examined(name)
        assert caught.value.code == code


@pytest.mark.parametrize("limit", [{"wall_seconds": 0}, {"memory_bytes": 1}, {"stdout_bytes": 1}])
async def test_what_is_too_much_at_once_is_asked_piece_by_piece(
    limit: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding eight pictures of 8192 x 8192 takes more than looking at a file may."""
    known = await examined("fps_29_97")
    monkeypatch.setattr(probe, "LOOK_LIMITS", replace(probe.LOOK_LIMITS, **limit))
    assert await examined("fps_29_97") == known


async def test_the_longest_that_is_allowed_can_be_set() -> None:
    with pytest.raises(PlayheadError, match=r"limit_duration: It lasts 4 seconds; 3 are allowed"):
        await examined("sound_longer", 3)
    await examined("sound_longer", 5)


async def test_high_dynamic_range_is_told() -> None:
    video = await film("colour_hdr10")
    assert (video.color_transfer, video.color_primaries, video.peak_nits) == ("smpte2084", "bt2020", None)


def test_peaks_are_read_from_what_is_told() -> None:
    mastering = '{"side_data_type": "Mastering display metadata", "max_luminance": "40000000/10000"}'
    light = '{"side_data_type": "Content light level metadata", "max_content": 1234, "max_average": 0}'
    for side, nits in ((mastering, 4000), (f"{mastering},{light}", 1234), (light.replace("1234", "0"), None)):
        frame = read_frame(f'{{"frames": [{{"stream_index": 2, "side_data_list": [{side}]}}]}}'.encode(), 2)
        assert frame is not None
        assert frame.peak_nits == nits


def test_what_newer_ffmpegs_crop_by_themselves_is_read() -> None:
    side = '{"side_data_type": "Frame Cropping", "crop_top": 1, "crop_bottom": 2, "crop_left": 3, "crop_right": 4}'
    claims = read_claims(
        f'{{"streams": [{{"index": 0, "codec_type": "video", "side_data_list": [{side}]}}]}}'.encode()
    )
    assert claims.videos[0].margins == (3, 4, 1, 2)


def test_answers_that_make_no_sense_are_damage() -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read_claims(b"not json")
    assert read_claims(b"[]").videos == ()
    assert read_packets(b"nonsense\n1,2\n1,2,K_\n").pts == (1,)


def test_more_packets_than_are_counted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.media.ffmpeg.probe.MOST_PACKETS", 3)
    with pytest.raises(PlayheadError, match="limit_duration"):
        read_packets(b"1,1,K_\n2,1,__\n3,1,__\n")


@pytest.mark.parametrize(
    ("name", "codec"), [("wav", "pcm_s16le"), ("mp3_with_cover", "mp3"), ("webm", "opus")]
)
async def test_sound_alone_has_no_picture_not_even_its_cover(name: str, codec: str) -> None:
    info, timeline = await examined(f"only_sound_{name}")
    assert info.video is None
    assert info.audio is not None
    assert (info.audio.codec, info.shown) == (codec, info.audio.index)
    assert info.duration_seconds == pytest.approx(2, abs=0.1)
    assert timeline.usable


async def test_what_waits_for_the_sound_does_not_end_the_looking_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The film as its own index lists it is laid out meanwhile, and thrown away where ffprobe does not agree."""
    known = await examined("fps_29_97")
    heard, laid_out = Probing.heard, timelines.from_packets
    loop, waiting, disagreed = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def late(self: Probing, claimed: Sequence[AudioTrack]) -> dict[AudioTrack, float]:
        await disagreed.wait()
        return await heard(self, claimed)

    def noted(*given: Any, **named: Any) -> Timeline:
        loop.call_soon_threadsafe(waiting.set)
        return laid_out(*given, **named)

    async def no(*_: object) -> bool:
        await waiting.wait()
        loop.call_later(0.5, disagreed.set)  # after it was thrown away
        await asyncio.sleep(0.1)  # it waits for the sound by now, or this test sees nothing
        return False

    monkeypatch.setattr(Probing, "heard", late)
    monkeypatch.setattr(Probing, "confirms", no)
    monkeypatch.setattr(timelines, "from_packets", noted)
    assert await examined("fps_29_97") == known


async def test_nothing_is_asked_any_more_once_a_film_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ended = asyncio.Event(), []

    async def without_end(*_: object) -> Packets:
        asked.set()
        try:
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            ended.append("packets")

    async def refused(*_: object) -> FirstFrame:
        await asked.wait()
        raise PlayheadError("no_frames")

    monkeypatch.setattr(Probing, "packets", without_end)
    monkeypatch.setattr(Probing, "first_frame", refused)
    with pytest.raises(PlayheadError, match="no_frames"):
        await examined("fps_29_97")
    assert ended

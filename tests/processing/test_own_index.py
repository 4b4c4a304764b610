"""An MP4's own index refuses what it alone shows cannot become a video, and nothing else."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from playhead.media.ffmpeg import probe
from playhead.media.ffmpeg.probe import Packets
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.local import LocalBytes
from playhead.model.errors import PlayheadError
from playhead.processing import own_index
from playhead.processing.apart import SLIPS
from playhead.processing.examine import examine
from playhead.processing.own_index import (
    OwnIndex,
    agree,
    ends_of,
    listed_packets,
    read_first_seconds,
    read_own_index,
)
from tests.media.mp4.clips import ffmpeg, picture, sound
from tests.media.samples import indexwork, sample
from tests.media.samples.cache import Cache
from tests.media.samples.canary import Canary
from tests.media.samples.references import reference_samples


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cut_moov_first_10", "corrupt_file"),
        ("cut_moov_first_last_byte", "corrupt_file"),
        ("index_only", "corrupt_file"),
        ("encrypted", "encrypted_file"),
        ("bomb_900_streams", "limit_streams"),
        ("bomb_header_giant", "limit_dimensions"),
        ("bomb_many_edits", "resource_limit"),
    ],
)
async def test_refused(name: str, code: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        await read_own_index(sample(name).path())
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["ref_mov_url", "ref_mov_file", "ref_mov_alias"])
async def test_references_are_refused_before_any_tool_reads_the_file(name: str, tmp_path: Path) -> None:
    with Canary(tmp_path / "bait") as canary:
        bait = next(each for each in reference_samples(canary) if each.name == name)
        with pytest.raises(PlayheadError, match="reference_refused"):
            await read_own_index(bait.path(Cache(tmp_path / "cache")))


@pytest.mark.parametrize(
    "name",
    ["fps_25", "moov_last", "fragmented", "cut_between_fragments", "cut_in_fragment", "trailing_garbage"],
)
async def test_taken(name: str) -> None:
    found = await read_own_index(sample(name).path())
    assert found.damage is None
    assert found.track(1) is not None
    assert found.track(99) is None
    assert found.track(None) is None


@pytest.mark.parametrize("name", ["bomb_table_stts", "bomb_header_packed", "media_only"])
async def test_what_only_we_cannot_read_is_left_to_ffmpeg(name: str) -> None:
    found = await read_own_index(sample(name).path())
    assert found.movie is None
    assert found.damage is not None
    assert found.track(1) is None


async def test_the_loop_goes_on_while_a_large_index_is_read(tmp_path: Path) -> None:
    # Half a million boxes after the end: about a second to walk.
    path = tmp_path / "crumbs.mp4"
    whole = sample("fragmented").path().read_bytes()
    path.write_bytes(whole + b"\x00\x00\x00\x08free" * 500_000)
    longest, before = 0.0, time.monotonic()
    reading = asyncio.create_task(read_own_index(path))
    while not reading.done():
        await asyncio.sleep(0.001)
        now = time.monotonic()
        longest, before = max(longest, now - before), now
    assert (await reading).movie is not None
    assert longest < 5  # seconds; a worker is taken for dead after ten


LISTED = [
    "fps_25",
    "hevc",
    "hevc_4_2_2",
    "moov_last",
    "fragmented",
    "prores",
    "vfr_jitter",
    "fps_59_94",
    "edit_none",
    "edit_empty_first",
    "sound_late",
]


async def _asked(path: Path, intervals: str | None = None, demuxer: str = "mov") -> Packets:
    asked = probe.packets_invocation(path, ("-f", demuxer), 0, intervals)
    return probe.read_packets((await run(asked, sandbox=NoSandbox(find_tools()))).stdout)


@pytest.mark.parametrize("name", LISTED)
async def test_packets_are_listed_as_ffprobe_lists_them(name: str) -> None:
    path = sample(name).path()
    track = (await read_own_index(path)).track(1)
    assert track is not None
    listed, expected = listed_packets(track), await _asked(path)
    assert listed is not None
    assert (listed.pts, listed.keys, listed.shown) == (expected.pts, expected.keys, expected.shown)
    assert agree(listed, await _asked(path, ends_of(track)))
    # Any difference sends us to ffprobe for the whole list.
    assert not agree(listed, replace(expected, pts=tuple(time and time + 1 for time in expected.pts)))
    assert not agree(listed, replace(expected, keys=tuple(not key for key in expected.keys)))
    assert not agree(listed, replace(expected, shown=(*expected.shown[1:], False)))
    assert not agree(listed, Packets((), (), (), ()))


@pytest.mark.parametrize("name", ["edit_trimmed", "edit_trimmed_end"])
async def test_what_an_edit_list_hides_is_for_ffprobe_to_say(name: str) -> None:
    track = (await read_own_index(sample(name).path())).track(1)
    assert track is not None
    listed = listed_packets(track)
    assert listed is None or listed.pts == (await _asked(sample(name).path())).pts


@pytest.mark.parametrize("name", ["mkv", "webm_vp9"])
async def test_packets_of_matroska_are_listed_as_ffprobe_lists_them(name: str) -> None:
    path = sample(name).path()
    found = (await read_own_index(path, "matroska")).film_packets(0, None, Fraction(1, 1000))
    assert found is not None
    listed, ends = found
    expected = await _asked(path, demuxer="matroska")
    assert (listed.pts, listed.keys, listed.shown) == (expected.pts, expected.keys, expected.shown)
    assert agree(listed, await _asked(path, ends, "matroska"))


COUNTED = {
    "mpeg4": ("-c:v", "mpeg4", "-g", "40", "-c:a", "libmp3lame"),
    "mjpeg": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "msmpeg4": ("-c:v", "msmpeg4", "-c:a", "wmav2"),
    "huffyuv": ("-c:v", "huffyuv", "-pix_fmt", "yuv422p", "-c:a", "adpcm_ms"),
    "dropped": ("-vf", "setpts='PTS+if(gte(N,99),1/TB,0)'", "-fps_mode", "passthrough", "-c:v", "mpeg4"),
}
REORDERED = {
    "mpeg4": ("-c:v", "mpeg4", "-bf", "2"),
    "mpeg2": ("-c:v", "mpeg2video", "-bf", "0"),  # its parser tells other times
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-b_strategy", "0"),
}


def _recorded(path: Path, *coded: str) -> Path:
    ffmpeg(*picture(8), *sound(7.5), *coded, path)
    return path


@pytest.mark.parametrize("name", COUNTED)
async def test_an_avi_is_the_same_by_its_index_and_by_ffprobe(name: str, tmp_path: Path) -> None:
    path = _recorded(tmp_path / "film.avi", *COUNTED[name])
    info, timeline, index = await examine(path, NoSandbox(find_tools()), 60)
    assert index.avi is not None
    # Four bytes that nobody knows: we do not believe the index any more, and ffprobe lists everything.
    with path.open("ab") as file:
        file.write(b"more")
    asked, told, without = await examine(path, NoSandbox(find_tools()), 60)
    assert without.avi is None
    assert told == timeline
    assert (asked.video, asked.audio) == (info.video, info.audio)


@pytest.mark.parametrize("name", ["mpeg4", "dropped"])
async def test_packets_of_avi_are_listed_as_ffprobe_lists_them(name: str, tmp_path: Path) -> None:
    path = _recorded(tmp_path / "film.avi", *COUNTED[name])
    index = await read_own_index(path, "avi")
    found = index.film_packets(0, None, Fraction(1, 25))
    assert found is not None
    listed, ends = found
    assert listed == await _asked(path, demuxer="avi")
    assert agree(listed, await _asked(path, ends, "avi"))
    # A frame more than the index knows of, in the middle or at the end, sends us to ffprobe for the whole list.
    for less in (110, 199):
        shorter = Packets(*(column[:less] + column[less + 1 :] for column in _columns(listed)))
        assert not agree(shorter, await _asked(path, ends, "avi"))
    assert index.film_packets(0, None, Fraction(1, 30)) is None
    assert index.film_packets(1, None, Fraction(1, 25)) is None


def _columns(packets: Packets) -> list[tuple[Any, ...]]:
    return [packets.pts, packets.durations, packets.keys, packets.shown]


@pytest.mark.parametrize("name", REORDERED)
async def test_frames_of_avi_that_are_reordered_are_for_ffprobe_to_tell(name: str, tmp_path: Path) -> None:
    path = _recorded(tmp_path / "film.avi", *REORDERED[name])
    found = (await read_own_index(path, "avi")).film_packets(0, None, Fraction(1, 25))
    assert found is not None
    assert not agree(found[0], await _asked(path, found[1], "avi"))


class _Stumbling:
    """A reader that raises, or is never done."""

    def __init__(self, raised: Exception | None) -> None:
        self._raised = raised

    async def __call__(self, source: LocalBytes) -> OwnIndex:
        while self._raised is None:
            await source.read(0, 1)
        raise self._raised


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("container", ["mp4", "matroska", "avi"])
async def test_what_makes_our_reader_stumble_is_left_to_ffmpeg(
    slip: type[Exception], container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(own_index._READERS, container, _Stumbling(slip("a number")))
    found = await read_own_index(sample("fps_25").path(), container)
    assert found.damage is not None
    assert found.damage.code == "corrupt_file"


async def test_what_is_too_much_for_us_to_list_is_left_to_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    much = _Stumbling(PlayheadError("resource_limit"))
    for container in ("mp4", "matroska", "avi"):
        monkeypatch.setitem(own_index._READERS, container, much)
    for container in ("matroska", "avi"):
        found = await read_own_index(sample("fps_25").path(), container)
        assert found.damage is not None
        assert found.damage.code == "resource_limit"
    with pytest.raises(PlayheadError, match="resource_limit"):
        await read_own_index(sample("fps_25").path(), "mp4")


async def test_an_index_that_takes_too_long_is_left_to_ffprobe(monkeypatch: pytest.MonkeyPatch) -> None:
    path, sandbox = sample("mkv").path(), NoSandbox(find_tools())
    info, timeline, _ = await examine(path, sandbox, 60)
    monkeypatch.setitem(own_index._READERS, "matroska", _Stumbling(None))
    monkeypatch.setattr(own_index, "PATIENCE_SECONDS", 0.5)
    asked, told, without = await examine(path, sandbox, 60)
    assert without.damage is not None
    assert (without.damage.code, told) == ("resource_limit", timeline)
    assert asked.video == info.video


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _slow(name: str) -> bytes:
    """A file whose index takes a reader some seconds, and is not refused for that."""
    if name == "one fragment":
        track = _box(b"tfhd", struct.pack(">II", 0, 1)), _box(b"trun", bytes(8)) * 99_000
        return sample("fragmented").path().read_bytes() + _box(b"moof", _box(b"traf", *track) * 15)
    if name == "mp4":
        return sample("fragmented").path().read_bytes() + b"\0\0\0\x08free" * 1_500_000
    return indexwork.add_cluster(sample("mkv").path().read_bytes(), indexwork.EMPTY * 6_000_000)


@pytest.mark.parametrize("name", ["mp4", "one fragment", "matroska"])
async def test_a_reader_does_not_go_on_when_its_time_is_over(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_index, "PATIENCE_SECONDS", 0)
    path = tmp_path / "slow"
    path.write_bytes(_slow(name))
    begun = time.process_time()
    found = await read_own_index(path, "matroska" if name == "matroska" else "mp4")
    assert found.damage is not None
    assert found.damage.code == "resource_limit"
    assert time.process_time() - begun < 2  # seconds of this process, its threads included; it would be four


@pytest.mark.parametrize("name", ["mkv_rate_nan", "mkv_rate_endless", "mkv_rate_huge", "mkv_voids"])
async def test_headers_that_no_film_has_are_left_to_ffmpeg(name: str) -> None:
    found = await read_own_index(sample(f"bomb_{name}").path(), "matroska")
    assert found.damage is not None
    assert found.damage.code == "corrupt_file"


@pytest.mark.parametrize("name", ["fps_25", "mkv", "bomb_mkv_rate_nan", "bomb_mkv_voids"])
async def test_the_first_seconds_are_known_or_are_not(name: str) -> None:
    found = await read_first_seconds(sample(name).path(), 4)
    assert (found == OwnIndex()) is (name != "mkv")
    assert bool(found.film_packets(0, None, Fraction(1, 1000))) is (name == "mkv")


@pytest.mark.parametrize(("name", "rate"), [("short.mkv", 120), ("short.avi", 240)])
async def test_the_end_of_a_short_film_is_not_looked_for_before_it_begins(
    name: str, rate: int, tmp_path: Path
) -> None:
    path = tmp_path / name
    coded = ("-c:v", "mpeg4") if path.suffix == ".avi" else ("-c:v", "libx264", "-bf", "0")
    ffmpeg(*picture(0.9, str(rate)), *coded, path)
    container = "avi" if path.suffix == ".avi" else "matroska"
    tick = Fraction(1, rate if container == "avi" else 1000)
    found = (await read_own_index(path, container)).film_packets(0, None, tick)
    assert found is not None
    listed, ends = found
    assert "-" not in ends
    assert agree(listed, await _asked(path, ends, container))


async def test_other_containers_have_no_index_of_their_own() -> None:
    found = await read_own_index(sample("mpeg_ts").path(), "mpegts")
    assert found.movie is None
    assert found.film_packets(0, 1, Fraction(1, 90_000)) is None

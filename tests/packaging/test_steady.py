"""Sound that is cut before it is encoded: exactly as it is cut afterwards, and no more of it is settled than is."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playhead.delivery.tracks import GrowingSound, growing_sound, sound_cut
from playhead.media.ffmpeg.encode import ChunkInput, audio_invocation, stretch_name
from playhead.media.ffmpeg.invocation import Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, read_movie
from playhead.model.plan import TIMESCALE
from playhead.packaging import (
    Lane,
    Span,
    Steady,
    init_segment,
    lane_of_stretches,
    lane_of_track,
    media_segment,
    whole_packets,
)
from tests.media.mp4.clips import ffmpeg
from tests.processing.test_argv import FILM

SANDBOX = NoSandbox(find_tools())
CUTS = (
    tuple(range(0, 20 * TIMESCALE, 2 * TIMESCALE)),
    (0,),
    (0, 93_093, 270_270, 1_000_001),
    tuple(range(0, 6 * TIMESCALE, 3003 * 32)),
)
"""Evenly, not at all, and on the frames of NTSC; shorter than most of the sounds, and longer."""
RATES = (44_100, 48_000)


async def encoded(
    folder: Path, samples: int, rate: int, cuts: tuple[float, ...] = ()
) -> tuple[Movie, list[Movie]]:
    """So many samples as a worker encodes them: the whole, and its stretches."""
    source = folder / "source.wav"
    noise = f"anoisesrc=r={rate}:a=0.3:seed=1,atrim=end_sample={samples}"
    ffmpeg("-f", "lavfi", "-i", noise, source)
    made = folder / "made"
    made.mkdir()
    wanted = audio_invocation(
        ChunkInput(source, 0, ()), FILM, made / "audio.mp4", rate, samples / rate, Limits(), cuts=cuts
    )
    await run(wanted, sandbox=SANDBOX)
    count = len(list(made.iterdir())) - 1
    stretches = [await read_movie(LocalBytes(made / stretch_name(number))) for number in range(count)]
    return await read_movie(LocalBytes(made / "audio.mp4")), stretches


def lane_of(movie: Movie) -> Lane:
    """The lane that it is once it is whole."""
    return lane_of_track(next(movie.of_kind("audio")))


@pytest.mark.parametrize("rate", RATES)
async def test_planned_cuts_are_those_of_what_is_encoded(rate: int, tmp_path: Path) -> None:
    chance = random.Random(rate)
    # Around the end of a packet, and anywhere.
    lengths = [
        rate,
        1024 * 50,
        1024 * 50 - 1,
        1024 * 50 + 1,
        *(chance.randrange(rate, 25 * rate) for _ in range(8)),
    ]
    told = 0
    for number, samples in enumerate(lengths):
        folder = tmp_path / str(number)
        folder.mkdir()
        lane = lane_of((await encoded(folder, samples, rate))[0])
        steady = Steady(rate, samples)
        # A file tells the end in milliseconds.
        assert samples - rate // 1000 - 1 <= lane.end <= samples
        assert (lane.lead, list(lane.times)) == (steady.lead, list(steady.times)[: len(lane.times)])
        for cuts in CUTS:
            planned = growing_sound(
                "audio", "und", replace(FILM, sound_seconds=samples / rate, sample_rate=rate, segments=cuts)
            )
            if planned is None:
                continue
            told += 1
            made = [each._replace(size=0) for each in sound_cut(lane, cuts)]
            *others, last = (each._replace(size=0) for each in planned.segments)
            assert made[: len(others)] == others
            assert made[len(others)].start == last.start
            heard = sum(each.duration for each in made[len(others) :])
            assert heard == pytest.approx(last.duration, abs=1024)
            # But for a last one that is hardly any, all are told of.
            assert [each.duration < rate // 10 for each in made[len(planned.segments) :]] in ([], [True])
    assert told > 2 * len(lengths)


@given(
    st.sampled_from(RATES),
    st.integers(1, 30 * 48_000),
    st.integers(1, 1400),
    st.lists(st.integers(1, 30 * TIMESCALE), max_size=12).map(lambda times: (0, *sorted(set(times)))),
)
def test_nothing_to_come_changes_what_is_settled(
    rate: int, end: int, packets: int, cuts: tuple[int, ...]
) -> None:
    growing = GrowingSound("audio", "und", rate, end / rate, cuts)
    whole = sound_cut(Steady(rate, end), cuts)
    there = min(packets, end // 1024 + 1)  # whole ones, the one that primes among them
    settled = growing.settled(there)
    assert settled == whole[: len(settled)]
    assert not settled or settled[-1].stop < there


@pytest.mark.parametrize("rate", RATES)
async def test_stretches_hold_the_packets_of_the_whole(rate: int, tmp_path: Path) -> None:
    whole, stretches = await encoded(tmp_path, 12 * rate + 77, rate, cuts=(2.0, 5.0, 9.5))
    assert len(stretches) == 4
    lane = lane_of(whole)
    counts = [whole_packets(next(movie.of_kind("audio"))) for movie in stretches]
    # The last of all is shorter, and is never published.
    assert counts[-1] == 0
    assert whole_packets(next(whole.of_kind("audio"))) == 0
    for first, last in ((0, 1), (0, 3), (1, 2), (1, 3), (2, 3)):
        before = sum(counts[:first])
        part = lane_of_stretches(stretches[first:last], before)
        count = len(part.times)
        assert count == sum(counts[first:last])
        assert init_segment(part) == init_segment(lane)
        assert list(part.times) == list(lane.times[before : before + count])
        made = media_segment(part, 0, count, 7)
        whole_of_it = media_segment(lane, before, before + count, 7)
        assert made.head == whole_of_it.head
        assert _bytes(made.spans, tmp_path, first) == _bytes(whole_of_it.spans, tmp_path, None)


def _bytes(spans: Iterable[Span], folder: Path, first: int | None) -> bytes:
    """What lies there, in the stretches from the `first` on or in the whole."""
    read = b""
    for source, offset, length in spans:
        name = "audio.mp4" if first is None else stretch_name(first + source)
        read += (folder / "made" / name).read_bytes()[offset : offset + length]
    return read


async def test_one_encode_gives_the_same_whole_with_and_without_stretches(tmp_path: Path) -> None:
    for name, cuts in (("plain", ()), ("cut", (1.0, 2.5))):
        (tmp_path / name).mkdir()
        await encoded(tmp_path / name, 4 * 48_000, 48_000, cuts)
    plain, cut = (tmp_path / name / "made" / "audio.mp4" for name in ("plain", "cut"))
    assert plain.read_bytes() == cut.read_bytes()


async def test_a_second_try_fills_what_is_missing_with_silence(tmp_path: Path) -> None:
    source, made = tmp_path / "source.wav", tmp_path / "audio.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=r=48000:d=3", source)
    wanted = audio_invocation(ChunkInput(source, 0, ()), FILM, made, 48_000, 5.0, Limits(), filled=True)
    await run(wanted, sandbox=SANDBOX)
    assert lane_of(await read_movie(LocalBytes(made))).end == 5 * 48_000
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-ss", "3.2", "-i", made, "-f", "s16le", "-"],
        capture_output=True,
        check=True,
    )
    assert len(decoded.stdout) > 4 * 48_000
    assert set(decoded.stdout) == {0}


def test_how_it_will_be_cut_is_told_only_when_it_is_certain() -> None:
    known = replace(FILM, sound_seconds=3.0, sample_rate=48_000, segments=(0, 2 * TIMESCALE))
    assert growing_sound("audio", "und", known) is not None
    assert growing_sound("audio", "und", replace(known, sample_rate=None)) is None
    assert growing_sound("audio", "und", replace(known, sound_seconds=None)) is None
    assert growing_sound("audio", "und", replace(known, normalised=True)) is None
    # From 8 s on there will be one segment more.
    for seconds, told in ((7.8, True), (7.95, False), (8.05, False), (8.2, True)):
        found = growing_sound("audio", "und", replace(known, sound_seconds=seconds))
        assert (found is not None) is told
    # A segment that perhaps will not be is not told of: 50 ms are left to the one before.
    (short,) = [growing_sound("audio", "und", replace(known, sound_seconds=2.05))]
    assert short is not None
    assert [each.duration for each in short.segments] == [round(2.05 * 48_000)]

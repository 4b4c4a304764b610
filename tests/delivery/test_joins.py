"""Pieces that viewers waited for and pieces of the background, joined in every order: no seam can be told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest

from playhead.media.mp4 import Movie, read_movie
from playhead.model.plan import TIMESCALE, Plan
from playhead.packaging import Piece, cut, init_segment, lane_of_pieces, media_segment
from playhead.records import playing
from tests.delivery.making import Making, making
from tests.journeys.streamed import Shown, decoded, packets, pictures
from tests.media.mp4.clips import FileBytes, ffmpeg, sound
from tests.packaging.play import rendered

__all__ = ["making"]

CHUNKS = 6
SECONDS = 34
EVERY = list(product((0, 1), repeat=CHUNKS))
"""All patterns of two kinds of pieces: 0 for those that a viewer waited for."""
ENOUGH = [each for each in EVERY if each in ((0,) * CHUNKS, (1,) * CHUNKS, (0, 1) * 3, (1, 0) * 3)]
"""Those that have each kind before and behind each at every boundary."""
SOURCES = {
    # Frames that refer forwards, GOPs that no chunk fits, and times rounded to milliseconds.
    "mpeg4.mkv": ("30000/1001", "-c:v", "mpeg4", "-q:v", "5", "-bf", "2", "-g", "37", "-c:a", "flac"),
    "vp8.mkv": ("25", "-c:v", "libvpx", "-cpu-used", "8", "-b:v", "500k", "-g", "110", "-c:a", "flac"),
}


@dataclass(frozen=True)
class Stored:
    """A piece as a file."""

    path: Path
    movie: Movie
    frames: list[Shown]


async def stored(making: Making, video_id: UUID, track: str, plan: Plan, folder: Path) -> list[Stored]:
    """The pieces of a track, fetched out of the store."""
    found = []
    for chunk in plan.chunks:
        async with making.origin.records.transaction() as tx:
            row = await playing.piece(tx, video_id, track, chunk.number)
        assert row is not None
        path = folder / f"{video_id}-{chunk.number}.mp4"
        path.write_bytes(await making.origin.storage.read(row["key"], 0, row["size_bytes"]))
        found.append(Stored(path, await read_movie(FileBytes(path)), pictures(path)))
    return found


def joined(plan: Plan, chosen: list[Stored], output: Path) -> Path:
    """What a player appends of these pieces, one for each chunk."""
    pieces = [
        Piece(each.movie, chunk.start, chunk.end) for each, chunk in zip(chosen, plan.chunks, strict=True)
    ]
    lane = lane_of_pieces(pieces, TIMESCALE, lead=plan.lead)
    parts = cut(lane, [chunk.start for chunk in plan.chunks], TIMESCALE)
    sources = [each.path for each in chosen]
    made = [init_segment(lane)]
    made += [
        rendered(media_segment(lane, part.first, part.stop, number), sources)
        for number, part in enumerate(parts, 1)
    ]
    spans = [decoded(each) for each in made[1:]]
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]], "a gap between segments"
    output.write_bytes(b"".join(made))
    return output


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("mpeg4.mkv", ENOUGH),
        *(pytest.param(name, EVERY, marks=pytest.mark.soak) for name in SOURCES),
    ],
)
async def test_no_seam_can_be_told(
    name: str, patterns: list[tuple[int, ...]], making: Making, tmp_path: Path
) -> None:
    rate, *coding = SOURCES[name]
    source = tmp_path / name
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=426x240:r={rate}:d={SECONDS}", *sound(SECONDS), *coding, source)
    waited, plan = await making.planned(source, "240p", "144p")
    background, same = await making.planned(source, "240p", "144p")
    assert plan == same
    assert len(plan.chunks) == CHUNKS
    track = plan.renditions[-1].track
    for chunk in plan.chunks:
        await making.chunk(waited, chunk.number, track)
        await making.chunk(background, chunk.number)
    kinds = [await stored(making, each, track, plan, tmp_path) for each in (waited, background)]
    assert [each.frames for each in kinds[0]] != [each.frames for each in kinds[1]], (
        "they could be told apart"
    )
    times = [each.time for each in pictures(source)]
    for pattern in patterns:
        chosen = [kinds[kind][number] for number, kind in enumerate(pattern)]
        shown = pictures(joined(plan, chosen, tmp_path / "joined.mp4"))
        assert [each.digest for each in shown] == [frame.digest for one in chosen for frame in one.frames]
        assert [each.time for each in shown] == times, f"{pattern}: not when the source shows it"


async def test_sound_is_the_same_to_the_packet_however_it_is_cut(making: Making, tmp_path: Path) -> None:
    source = tmp_path / "mpeg4.mkv"
    rate, *coding = SOURCES["mpeg4.mkv"]
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=426x240:r={rate}:d={SECONDS}", *sound(SECONDS), *coding, source)
    video_id, plan = await making.planned(source)
    await making.sound(video_id)
    await making.chunk(video_id, 0)
    async with making.origin.records.transaction() as tx:
        row = await playing.piece(tx, video_id, "audio", 0)
    assert row is not None
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(await making.origin.storage.read(row["key"], 0, row["size_bytes"]))
    names = await making.names(video_id, "audio.m3u8")
    assert len(names) > len(plan.segments) - 1 > CHUNKS
    output = tmp_path / "streamed.mp4"
    output.write_bytes(b"".join((await making.all(video_id, names)).values()))
    assert packets(output) == packets(whole)

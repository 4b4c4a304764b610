"""The plan of sound alone: the sound for players, and a still of its waveform for who wants a film."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from playhead.media.ffmpeg.encode import ChunkInput, chunk_invocation
from playhead.media.ffmpeg.images import poster_invocation
from playhead.media.ffmpeg.invocation import Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.source import guards_of
from playhead.model.plan import TIMESCALE, Plan
from playhead.processing import verify
from playhead.processing.examine import examine
from playhead.processing.planning import Servable, plan
from playhead.processing.timeline import of_sound
from tests.media.mp4.clips import ffmpeg
from tests.processing.sources import sound_alone

SANDBOX = NoSandbox(find_tools())
QUIET_THEN_LOUD = "aevalsrc='if(lt(t,2),0.02,0.8)*sin(880*t)|0':s=44100:d=4"


def planned(seconds: float, start: float = 0.0, *, from_source: bool = False) -> Plan:
    timeline = of_sound(start, seconds - start, trusted=True)
    servable = Servable(("it has no pictures",), sound=from_source)
    return plan(sound_alone(seconds), timeline, ["1440p", "480p", "240p"], (0.5, 99.0), servable)


@pytest.mark.parametrize(
    ("seconds", "frames", "keys"), [(0.01, 1, 1), (1, 1, 1), (1.5, 2, 1), (10.2, 11, 2), (7200, 7200, 720)]
)
def test_one_chunk_has_a_frame_a_second_to_its_last_moment(seconds: float, frames: int, keys: int) -> None:
    made = planned(seconds)
    (chunk,) = made.chunks
    assert (chunk.frames, len(chunk.grid)) == (frames, keys)
    assert chunk.start == 0
    assert chunk.end == made.duration == round(max(0.1, seconds) * TIMESCALE)
    assert (frames - 1) * TIMESCALE < made.duration


def test_its_sizes_are_those_of_the_drawing() -> None:
    made = planned(20)
    assert [each.track for each in made.renditions] == ["1920x1080", "854x480", "426x240"]
    assert {each.note for each in made.renditions} == {"The file is sound alone; its waveform is shown."}
    assert made.thumbnail_seconds == (0.5, 19.0)
    assert made.source_reasons == ("it has no pictures",)
    assert not made.sound_from_source
    assert planned(20, from_source=True).sound_from_source


def test_it_begins_where_the_sound_does() -> None:
    made = planned(20.025, 0.025)
    assert made.origin_seconds == pytest.approx(0.025)
    assert made.sound_seconds == pytest.approx(20.0)
    assert made.duration == 20 * TIMESCALE


async def test_the_drawing_is_tall_where_the_sound_is_loud(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", QUIET_THEN_LOUD, "-c:a", "libmp3lame", song)
    info, timeline, _ = await examine(song, SANDBOX, 60)
    made = plan(info, timeline, ["480p"], ())
    still = tmp_path / "poster.jpg"
    await run(
        poster_invocation(
            song, guards_of(song), info.shown, still, made, at_seconds=0, size=(854, 480), choose=False
        ),
        sandbox=SANDBOX,
    )
    quiet, loud = (_height(still, x) for x in (200, 640))
    assert 20 < quiet < 150
    assert loud > 2 * quiet


def _height(still: Path, column: int) -> int:
    """How many pixels of a column are not black."""
    with Image.open(still) as image:
        grey = image.convert("L")
        return sum(grey.getpixel((column, y)) > 60 for y in range(grey.height))  # type: ignore[operator]


async def test_the_still_passes_verification_and_costs_little(tmp_path: Path) -> None:
    song = tmp_path / "song.m4a"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=60:a=0.5", "-c:a", "aac", song)
    info, timeline, _ = await examine(song, SANDBOX, 3600)
    made = plan(info, timeline, ["480p", "144p"], ())
    outputs = [(track, tmp_path / f"{track.track}.mp4") for track in made.renditions]
    source = ChunkInput(song, info.shown, guards_of(song))
    await run(chunk_invocation(source, made, made.chunks[0], outputs, Limits()), sandbox=SANDBOX)
    checked = [await verify.piece(path, made.chunks[0], track, strict=True) for track, path in outputs]
    assert [each.frames for each in checked] == [60, 60]
    await verify.decodes(checked, 0, SANDBOX)
    for _, path in outputs:
        assert path.stat().st_size * 8 / 60 < 32_000  # bits a second: a quarter of its sound

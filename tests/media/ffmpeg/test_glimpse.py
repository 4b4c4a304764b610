"""What one start of ffprobe tells of both ends of a film is what it tells when it is asked for all of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from playhead.media.ffmpeg import glimpse, probe
from playhead.media.ffmpeg.probe import Packets
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from tests.media.mp4.clips import ffmpeg, picture, sound

FILMS = {
    "film.mkv": ("-c:v", "libx264", "-g", "25", "-c:a", "aac"),
    "film.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-g", "25", "-c:a", "libopus"),
    "film.avi": ("-c:v", "mpeg4", "-g", "25", "-c:a", "libmp3lame"),
}
SECONDS = 20


def _rows(packets: Packets) -> list[tuple[int | None, int, bool, bool]]:
    return list(zip(packets.pts, packets.durations, packets.keys, packets.shown, strict=True))


@pytest.mark.parametrize("name", FILMS)
async def test_both_ends_are_those_of_the_whole(name: str, tmp_path: Path) -> None:
    path, sandbox = tmp_path / name, NoSandbox(find_tools())
    ffmpeg(*picture(SECONDS), *sound(SECONDS), *FILMS[name], path)
    claims = probe.read_claims((await run(probe.claims_invocation(path, ()), sandbox=sandbox)).stdout)
    asked = glimpse.intervals(claims.duration_seconds, middle=True)
    told = await run(glimpse.glimpse_invocation(path, (), asked), sandbox=sandbox)
    seen = glimpse.read_glimpse(told.stdout)
    assert set(seen) == {0, 1}
    for stream, some in seen.items():
        every = probe.read_packets(
            (await run(probe.packets_invocation(path, (), stream), sandbox=sandbox)).stdout
        )
        assert set(_rows(some)) < set(_rows(every))
        assert _rows(some)[-1] == _rows(every)[-1]
        if stream == 0:
            begins = glimpse.beginning(some, claims.videos[0].time_base)
            assert _rows(begins) == _rows(every)[: len(begins.pts)]
            assert len(begins.pts) == pytest.approx(glimpse.FIRST_SECONDS * 25, abs=3)


@pytest.mark.parametrize("middle", [False, True])
def test_the_parts_of_what_is_asked_for_lie_apart(middle: bool) -> None:
    for lasts in (0.0, 1.0, 7.99, 12.0, 7200.0):
        parts = glimpse.intervals(lasts, middle=middle).split(",")
        starts = [float(part.split("%")[0] or 0) for part in parts]
        ends = [start + float(part.split("+")[1]) for start, part in zip(starts, parts, strict=True)]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False)), parts
        assert ends[-1] > lasts
        assert len(parts) == (1 if lasts < 12 else 2 + middle)
    assert glimpse.intervals(None, middle=middle) == "%+4"


def test_a_stream_without_times_has_no_end_of_its_beginning() -> None:
    untimed = Packets((None, None), (0, 0), (True, False), (True, True))
    assert glimpse.beginning(untimed, Fraction(1, 25)) == untimed
    nothing = Packets((), (), (), ())
    assert glimpse.beginning(nothing, Fraction(1, 25)) == nothing
    assert glimpse.read_glimpse(b"") == {}

"""The exact arguments of every tool we start, for each shape of input: a change of one shows in a review.

`PLAYHEAD_GOLDEN=write pytest tests/processing/test_argv.py` writes them anew.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from playhead.media.ffmpeg import glimpse, probe
from playhead.media.ffmpeg.captions import captions_invocation
from playhead.media.ffmpeg.check import Probe, check_invocation
from playhead.media.ffmpeg.encode import ChunkInput, audio_invocation, chunk_invocation
from playhead.media.ffmpeg.hardening import beside_the_film, input_arguments
from playhead.media.ffmpeg.images import poster_invocation, thumbnail_invocation
from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.media.ffmpeg.loudness import Heard, measure_invocation, normalising
from playhead.model.media import MediaInfo, Rectangle
from playhead.model.plan import Plan
from playhead.processing.planning import plan
from playhead.processing.timeline import Timeline, from_packets, of_sound
from tests.processing.sources import packets, sound_alone, source, steady

GOLDEN = Path(__file__).parents[1] / "golden" / "argv"
FFMPEG = Path(__file__).parents[2] / "src" / "playhead" / "media" / "ffmpeg"
SOURCE, BENCH = Path("/source/film"), Path("/bench")
GUARDS = ("-GUARDS",)
"""Stands for the input's hardening arguments, which have a golden file of their own."""

FIVE = ("1080p", "720p", "480p", "360p", "144p")


def _plan(info: MediaInfo, timeline: Timeline, asked: tuple[str, ...] = ("360p",)) -> Plan:
    return plan(info, timeline, asked, (1.0,))


def _chunk(planned: Plan, number: int, *, safely: bool = False) -> Invocation:
    tracks = {each.track: each for each in planned.renditions}.values()
    outputs = [(each, BENCH / f"{each.track}.mp4") for each in tracks]
    given = ChunkInput(SOURCE, 0, GUARDS, safely)
    return chunk_invocation(given, planned, planned.chunks[number], outputs, Limits())


FILM = _plan(source(sound_end=20.0), steady(25, 20), FIVE)
PHONE = _plan(
    source(width=1080, height=1920, rotation=90),
    from_packets(packets([0, 33, 70, 99, 140, 2000, 2040], keys={0, 5}), Fraction(1, 1000), Fraction(30)),
)
EARLY_SOUND = _plan(source(), steady(25, 4).from_sound(-0.5))
SLOW_MOTION = _plan(source(), steady(240, 4))
NO_TIMES = _plan(source(), from_packets(packets([None] * 250), Fraction(1, 25), Fraction(25)))
NO_CLOCK = _plan(source(), from_packets(packets([None] * 250), Fraction(10**6), None))
HDR10 = _plan(
    source(color_primaries="bt2020", color_space="bt2020nc", color_transfer="smpte2084", peak_nits=4000),
    steady(24, 4),
    ("1080p", "360p"),
)
TAPE = _plan(source(width=768, height=576, interlaced=True, color_space="bt470bg"), steady(25, 4))
TITLE = _plan(
    source(sound=None, codec="prores", pixel_format="yuva444p12le", aperture=Rectangle(1900, 1060, 10, 10)),
    steady(25, 4),
)

ANIMATION = _plan(source(sound=None, codec="vp9", pixel_format="yuva420p"), steady(25, 4))

SONG = _plan(sound_alone(20.5), of_sound(0.025, 20.475, trusted=True), ("480p", "144p"))

SHAPES: dict[str, Callable[[], Invocation]] = {
    "chunk_first": lambda: _chunk(FILM, 0),
    "chunk_middle": lambda: _chunk(FILM, 2),
    "chunk_last": lambda: _chunk(FILM, len(FILM.chunks) - 1),
    "chunk_safely": lambda: _chunk(FILM, 2, safely=True),
    "chunk_phone": lambda: _chunk(PHONE, 0),
    "chunk_early_sound": lambda: _chunk(EARLY_SOUND, 0),
    "chunk_slow_motion": lambda: _chunk(SLOW_MOTION, 1),
    "chunk_slow_motion_safely": lambda: _chunk(SLOW_MOTION, 1, safely=True),
    "chunk_no_times": lambda: _chunk(NO_TIMES, 1),
    "chunk_no_clock": lambda: _chunk(NO_CLOCK, len(NO_CLOCK.chunks) - 1),
    "chunk_hdr10": lambda: _chunk(HDR10, 0),
    "chunk_interlaced": lambda: _chunk(TAPE, 0),
    "chunk_cropped_see_through": lambda: _chunk(TITLE, 0),
    "chunk_webm_see_through": lambda: _chunk(ANIMATION, 0),
    "chunk_drawn": lambda: _chunk(SONG, 0),
    "audio_alone": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS), SONG, BENCH / "audio.mp4", 44_100, SONG.sound_seconds, Limits()
    ),
    "audio": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS), FILM, BENCH / "audio.mp4", 44_100, FILM.sound_seconds, Limits()
    ),
    "audio_in_stretches": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS),
        FILM,
        BENCH / "audio.mp4",
        44_100,
        FILM.sound_seconds,
        Limits(),
        cuts=(10.0, 30.0),
        filled=True,
    ),
    "audio_normalised": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS),
        FILM,
        BENCH / "audio.mp4",
        44_100,
        FILM.sound_seconds,
        Limits(),
        normalising(Heard(-30.5, -9.0, 3.0, -40.6, 0.1)),
    ),
    "measure": lambda: measure_invocation(BENCH / "audio.mp4", Limits()),
    "audio_early": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS),
        EARLY_SOUND,
        BENCH / "audio.mp4",
        8_000,
        EARLY_SOUND.sound_seconds,
        Limits(),
    ),
    "audio_no_times": lambda: audio_invocation(
        ChunkInput(SOURCE, 1, GUARDS), NO_TIMES, BENCH / "audio.mp4", 96_000, NO_TIMES.sound_seconds, Limits()
    ),
    "poster": lambda: _poster(FILM, 2.0, choose=True),
    "poster_webm_see_through": lambda: _poster(ANIMATION, 2.0, choose=True),
    "poster_drawn": lambda: _poster(SONG, 0.0, choose=False),
    "poster_hdr10": lambda: _poster(HDR10, 0.0, choose=False),
    "thumbnail": lambda: thumbnail_invocation(BENCH / "640x360.mp4", BENCH / "1.jpg", at_seconds=1.0),
    "check": lambda: check_invocation(
        [
            Probe(BENCH / "1280x720.mp4", pictures=True, key_frames_only=True),
            Probe(BENCH / "1280x720.mp4", pictures=True, from_seconds=8.96),
            Probe(BENCH / "audio.mp4", pictures=False, seconds=5),
        ]
    ),
    "captions": lambda: captions_invocation(
        SOURCE, GUARDS, [(2, BENCH / "2.vtt"), (5, BENCH / "5.vtt")], trusted=True
    ),
    "captions_no_times": lambda: captions_invocation(SOURCE, GUARDS, [(2, BENCH / "2.vtt")], trusted=False),
    "probe_claims": lambda: probe.claims_invocation(SOURCE, GUARDS),
    "probe_packets": lambda: probe.packets_invocation(SOURCE, GUARDS, 3),
    "probe_glimpse": lambda: glimpse.glimpse_invocation(
        SOURCE, GUARDS, glimpse.intervals(7200.5, middle=True)
    ),
    "probe_look": lambda: probe.look_invocation(SOURCE, GUARDS),
    "probe_alpha": lambda: probe.alpha_invocation(SOURCE, GUARDS, 3, "libvpx-vp9"),
    "probe_frames": lambda: probe.frames_invocation(SOURCE, GUARDS, 3, 300),
    "guards": lambda: Invocation("ffprobe", (*input_arguments("mov"), *beside_the_film(("g723_1",)))),
}


def _poster(planned: Plan, at: float, *, choose: bool) -> Invocation:
    return poster_invocation(
        SOURCE, GUARDS, 0, BENCH / "poster.jpg", planned, at_seconds=at, size=(1280, 720), choose=choose
    )


@pytest.mark.parametrize("name", SHAPES)
def test_arguments_are_exactly_these(name: str) -> None:
    made = SHAPES[name]()
    told = {
        "program": made.program,
        "arguments": made.arguments,
        "reads": [str(path) for path in made.reads],
        "scratch": made.scratch and str(made.scratch),
    }
    text = json.dumps(told, indent=1) + "\n"
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("PLAYHEAD_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert golden.read_text() == text


def test_there_is_no_golden_file_without_its_shape() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SHAPES)


def test_arguments_depend_on_nothing_but_their_input() -> None:
    assert all(make() == make() for make in SHAPES.values())
    assert _chunk(FILM, 0) != _chunk(FILM, 1)


PLAIN = re.compile(
    "-(i|map|f|v|vf|af|filter_complex|c:v|c:a|ss|hide_banner|of|show_[a-z]+|select_streams"
    "|version|encoders|decoders|demuxers|muxers|filters)"
)
"""Flags that only say what is read, made of it and told: they are their own reason."""


@pytest.mark.parametrize("path", sorted(FFMPEG.glob("*.py")), ids=lambda path: path.name)
def test_every_flag_has_its_reason_beside_it(path: Path) -> None:
    """A comment on the flag's own line, or on one of the two above it."""
    text = path.read_text()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    reasons = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    flags = [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"-[a-z][a-z_:]*", node.value) and not PLAIN.fullmatch(node.value)
    ]
    assert [flag for flag in flags if not reasons & {flag[0] - 2, flag[0] - 1, flag[0]}] == []

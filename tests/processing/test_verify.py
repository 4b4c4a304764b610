"""What was made is read again: whatever is wrong with it is found before it is published."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from playhead.media.ffmpeg.check import Probe, check_invocation, read_frames
from playhead.media.ffmpeg.encode import ChunkInput, audio_invocation, chunk_invocation, stretch_name
from playhead.media.ffmpeg.invocation import Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, read_movie
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, Chunk, Plan, PlannedRendition
from playhead.packaging import Piece, join
from playhead.processing import verify
from playhead.processing.examine import examine
from playhead.processing.planning import plan
from tests.media.samples import sample

SANDBOX = NoSandbox(find_tools())


@dataclass(frozen=True)
class Encoded:
    """One chunk for two tracks, its sound, and the plan they are of."""

    plan: Plan
    chunk: Chunk
    tracks: tuple[PlannedRendition, ...]
    paths: tuple[Path, ...]
    sound: Path


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    return asyncio.run(_encode(tmp_path_factory.mktemp("encoded")))


async def _encode(folder: Path) -> Encoded:
    path = sample("long_gop").path()
    info, timeline, _ = await examine(path, SANDBOX, 3600)
    planned = plan(info, timeline, ["8k", "144p"], ())
    chunk = planned.chunks[2]
    outputs = [(track, folder / f"{track.track}.mp4") for track in planned.renditions]
    source = ChunkInput(path, info.shown, guards_of(path))
    await run(chunk_invocation(source, planned, chunk, outputs, Limits()), sandbox=SANDBOX)
    sound = folder / "sound.mp4"
    heard = ChunkInput(path, planned.audio or 0, guards_of(path))
    await run(
        audio_invocation(heard, planned, sound, 48_000, planned.sound_seconds, Limits()), sandbox=SANDBOX
    )
    return Encoded(planned, chunk, planned.renditions, tuple(path for _, path in outputs), sound)


async def check(path: Path, encoded: Encoded, number: int = 0, *, strict: bool = True) -> verify.Checked:
    """All that is done to a piece before it is published."""
    found = await verify.piece(path, encoded.chunk, encoded.tracks[number], strict=strict)
    await verify.decodes([found], 0, SANDBOX)
    return found


async def test_what_is_as_planned_passes(encoded: Encoded) -> None:
    found = [await check(path, encoded, number) for number, path in enumerate(encoded.paths)]
    assert [(each.frames, each.keys, each.last_frames) for each in found] == [(150, 3, 50)] * 2
    for whole in (0, 1, 2):
        await verify.decodes(found, whole, SANDBOX)
    assert await verify.audio(encoded.sound, encoded.plan.sound_seconds, SANDBOX, strict=True) > 500


async def test_the_wrong_piece_is_refused(encoded: Encoded) -> None:
    with pytest.raises(PlayheadError, match="is 256x144, not 320x180"):
        await check(encoded.paths[1], encoded, 0)
    for chunk, complaint in (
        (encoded.plan.chunks[0], "150 of 50 frames"),
        (encoded.plan.chunks[1], "150 of 100"),
    ):
        with pytest.raises(PlayheadError, match=complaint):
            await verify.piece(encoded.paths[0], chunk, encoded.tracks[0], strict=True)


def _hole(data: bytearray, movie: Movie) -> None:
    assert movie.video is not None
    at = movie.video.samples.offsets[20]
    data[at : at + 400] = bytes(400)


def _cut(data: bytearray, movie: Movie) -> None:
    del data[-100:]


def _shifted(data: bytearray, movie: Movie) -> None:
    assert movie.video is not None
    at = movie.video.samples.offsets[70]
    data[at:at] = b"\x00\x00\x00"


def _damaged_key(data: bytearray, movie: Movie) -> None:
    """Noise within a key frame's coded pixels: every unit keeps its length."""
    assert movie.video is not None
    samples = movie.video.samples
    at, size = samples.offsets[50], samples.sizes[50]
    data[at + size // 3 : at + size - 8] = random.Random(1).randbytes(size - size // 3 - 8)


def _damaged_end(data: bytearray, movie: Movie) -> None:
    """The same in a frame of the last group that is no key frame."""
    assert movie.video is not None
    samples = movie.video.samples
    number = max(range(101, 150), key=lambda each: samples.sizes[each])
    at, size = samples.offsets[number], samples.sizes[number]
    data[at + 8 : at + size] = random.Random(2).randbytes(size - 8)


def _parameters(data: bytearray, movie: Movie) -> None:
    at = data.index(b"avcC") + 14
    data[at : at + 6] = b"\xff" * 6


def _late_key(data: bytearray, movie: Movie) -> None:
    """The table of sync samples begins with the second."""
    at = data.index(b"stss") + 12
    data[at : at + 4] = (2).to_bytes(4, "big")


def _nothing(data: bytearray, movie: Movie) -> None:
    data[:] = b"not an MP4"


DAMAGE: dict[str, Callable[[bytearray, Movie], None]] = {
    "a hole": _hole,
    "cut": _cut,
    "shifted": _shifted,
    "a damaged key frame": _damaged_key,
    "a damaged last frame": _damaged_end,
    "damaged parameters": _parameters,
    "no key frame first": _late_key,
    "nothing": _nothing,
}


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "second try"])
@pytest.mark.parametrize("name", DAMAGE)
async def test_damage_is_found(name: str, strict: bool, encoded: Encoded, tmp_path: Path) -> None:
    data = bytearray(encoded.paths[0].read_bytes())
    DAMAGE[name](data, await read_movie(LocalBytes(encoded.paths[0])))
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    with pytest.raises(PlayheadError) as caught:
        await check(path, encoded, strict=strict)
    assert caught.value.code == "output_invalid"


RETOLD = {
    "other colours": ("-c copy -bsf:v h264_metadata=matrix_coefficients=6 -colorspace smpte170m", "tagged"),
    "4:4:4": ("-c:v libx264 -pix_fmt yuv444p -force_key_frames 0,2,4", "every player"),
    "baseline": ("-c:v libx264 -profile:v baseline -force_key_frames 0,2,4", "every player"),
    "open grid": ("-c:v libx264 -profile:v main -g 40 -keyint_min 40 -sc_threshold 0", "on the plan's grid"),
    "another clock": ("-c copy -video_track_timescale 12800", "wrong unit"),
    "fewer frames": ("-c copy -frames:v 120", "120 of 150 frames"),
    "sound beside it": ("-i {sound} -map 0:v -map 1:a -c copy", "not alone"),
}


@pytest.mark.parametrize("name", RETOLD)
async def test_what_players_could_not_play_is_refused(name: str, encoded: Encoded, tmp_path: Path) -> None:
    out, complaint = RETOLD[name]
    path = tmp_path / "retold.mp4"
    tags = (
        []
        if name == "other colours"
        else ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
    )
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(encoded.paths[0])]
    command += out.format(sound=encoded.sound).split()
    clock = [] if "timescale" in out else ["-video_track_timescale", "90000"]
    subprocess.run([*command, *tags, *clock, str(path)], check=True)
    with pytest.raises(PlayheadError, match=complaint) as caught:
        await check(path, encoded)
    assert caught.value.code == "output_invalid"


async def test_the_second_try_may_lack_frames(encoded: Encoded, tmp_path: Path) -> None:
    path = tmp_path / "fewer.mp4"
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(encoded.paths[0]),
        "-c",
        "copy",
        "-frames:v",
        "120",
    ]
    subprocess.run([*command, "-video_track_timescale", "90000", str(path)], check=True)
    assert (await check(path, encoded, strict=False)).frames == 120


async def test_sound_of_the_wrong_length_is_refused_once(encoded: Encoded, tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(encoded.sound),
        "-c",
        "copy",
        "-t",
        "11",
        str(path),
    ]
    subprocess.run(command, check=True)
    with pytest.raises(PlayheadError, match=r"lasts 11\.0.. of 12\.0"):
        await verify.audio(path, encoded.plan.sound_seconds, SANDBOX, strict=True)
    await verify.audio(path, encoded.plan.sound_seconds, SANDBOX, strict=False)


async def test_damaged_sound_is_refused(encoded: Encoded, tmp_path: Path) -> None:
    movie = await read_movie(LocalBytes(encoded.sound))
    track = next(movie.of_kind("audio"))
    data = bytearray(encoded.sound.read_bytes())
    for number in (2, 3, 4):
        at, size = track.samples.offsets[number], track.samples.sizes[number]
        data[at : at + size] = b"\xff" * size
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    with pytest.raises(PlayheadError, match="output_invalid"):
        await verify.audio(path, encoded.plan.sound_seconds, SANDBOX, strict=False)


async def test_a_stretch_of_sound_is_decoded_before_players_get_it(encoded: Encoded, tmp_path: Path) -> None:
    heard = ChunkInput(
        sample("long_gop").path(), encoded.plan.audio or 0, guards_of(sample("long_gop").path())
    )
    made = audio_invocation(heard, encoded.plan, tmp_path / "a.mp4", 48_000, 12.0, Limits(), cuts=(4.0, 8.0))
    await run(made, sandbox=SANDBOX)
    path = tmp_path / stretch_name(0)
    assert await verify.stretch(path, SANDBOX) == 4 * 48_000 // 1024 + 1
    track = next((await read_movie(LocalBytes(path))).of_kind("audio"))
    data = bytearray(path.read_bytes())
    for number in (2, 3, 4):
        at, size = track.samples.offsets[number], track.samples.sizes[number]
        data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    with pytest.raises(PlayheadError, match="does not decode"):
        await verify.stretch(path, SANDBOX)
    with pytest.raises(PlayheadError, match="output_invalid"):
        await verify.stretch(encoded.paths[0], SANDBOX)


async def joined(encoded: Encoded, path: Path, sound: Movie | None) -> Plan:
    """Write the one piece and its sound as a finished rendition; the plan that it is all of."""
    chunk = encoded.chunk
    movie = await read_movie(LocalBytes(encoded.paths[0]))
    assembly = join([Piece(movie, 0, chunk.end - chunk.start)], TIMESCALE, sound)
    sources = [each.read_bytes() for each in (encoded.paths[0], encoded.sound)]
    parts = (sources[each.source][each.offset : each.offset + each.length] for each in assembly.spans)
    path.write_bytes(assembly.head + b"".join(parts))
    return replace(encoded.plan, duration=chunk.end - chunk.start)


async def test_a_finished_rendition_has_all_that_it_was_made_of(encoded: Encoded, tmp_path: Path) -> None:
    path, track = tmp_path / "whole.mp4", encoded.tracks[0].track
    sound = await read_movie(LocalBytes(encoded.sound))
    planned = await joined(encoded, path, sound)
    await verify.whole(path, planned, track, frames=150, sound=sound)
    for told, complaint in (
        ({"frames": 151}, "Of 151 frames, 150"),
        ({"track": "640x360"}, "not whole"),
        ({"plan": replace(planned, duration=planned.duration + TIMESCALE)}, r"lasts 6\.000 of 7\.000"),
    ):
        wanted: dict[str, Any] = {"plan": planned, "track": track, "frames": 150, "sound": sound, **told}
        with pytest.raises(PlayheadError, match=complaint):
            await verify.whole(path, **wanted)
    shorter = tmp_path / "shorter.mp4"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", encoded.sound, "-c", "copy", "-t", "11", shorter],
        check=True,
    )
    for lost in (None, await read_movie(LocalBytes(shorter))):
        await joined(encoded, path, lost)
        with pytest.raises(PlayheadError, match="lost some of its sound"):
            await verify.whole(path, planned, track, frames=150, sound=sound)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PlayheadError, match="not whole"):
        await verify.whole(path, planned, track, frames=150, sound=sound)


async def test_pictures_are_no_sound(encoded: Encoded) -> None:
    with pytest.raises(PlayheadError, match="output_invalid"):
        await verify.audio(encoded.paths[0], None, SANDBOX, strict=False)
    with pytest.raises(PlayheadError, match="no_frames"):
        await verify.piece(encoded.sound, encoded.chunk, encoded.tracks[0], strict=False)


async def test_decoding_is_a_small_part_of_encoding(encoded: Encoded) -> None:
    # Three key frames and one group of fifty: of 150 frames a third, and none of the others.
    probes = [
        Probe(encoded.paths[0], pictures=True, key_frames_only=True),
        Probe(encoded.paths[0], pictures=True, from_seconds=100.0),
    ]
    frames = read_frames((await run(check_invocation(probes), sandbox=SANDBOX)).stdout)
    assert (frames[0], frames[1]) == (3, 50)
    assert Fraction(sum(frames.values()), 150) < Fraction(2, 5)

"""Verification: an exit code of 0 proves nothing, so what was made is read again before it is published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from playhead.media.ffmpeg.check import SOUND_SECONDS, Probe, check_invocation, read_frames
from playhead.media.ffmpeg.invocation import AWAITED
from playhead.media.ffmpeg.run import Invocation, ToolFailed, run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, Track, configuration, read_movie
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, Chunk, Plan, PlannedRendition
from playhead.packaging import whole_packets
from playhead.packaging.h264 import sequence_of
from playhead.processing.units import check_units

SHORTEST_FRAME = TIMESCALE // 1000
"""Ticks a frame is shown at least; encoders squeeze frames below it when timestamps run backwards."""
SOUND_SLACK_SECONDS = 0.1
"""What the first and last packets of a sound may hold beyond what is heard of them."""
_BT709 = b"nclx" + bytes((0, 1, 0, 1, 0, 1, 0))
"""The payload of a `colr` box that says BT.709 throughout, in limited range (ISO/IEC 14496-12, 12.1.5)."""
_PROFILES = {"main": 77, "high": 100}


@dataclass(frozen=True)
class Checked:
    """A piece that is as planned, by its index and its headers."""

    path: Path
    frames: int
    keys: int
    last_seconds: float
    """When its last frame is shown, from its own beginning."""
    last_frames: int
    """How many frames that group has."""


async def piece(path: Path, chunk: Chunk, track: PlannedRendition, *, strict: bool) -> Checked:
    """Check one encoded piece against its chunk, without decoding it.

    `strict` demands every frame that the source's packets promised; the second try, made after a decode
    that lost some, is content with those there are.

    Raises:
        PlayheadError: `no_frames` when nothing was decoded, `output_invalid` when it is not as planned.
    """
    made = await _only_track(path, "video")
    _check_coding(made, track)
    times = made.presentation_times
    syncs = list(range(made.samples.count) if made.samples.sync is None else made.samples.sync)
    _check_times([times[number] for number in syncs], sorted(times), chunk, strict=strict)
    await asyncio.to_thread(check_units, path, made)
    return Checked(
        path=path,
        frames=made.samples.count,
        keys=len(syncs),
        last_seconds=max(times) / TIMESCALE,
        last_frames=made.samples.count - syncs[-1],
    )


async def decodes(
    made: Sequence[Checked], whole: int, sandbox: Sandbox, niceness: int = Invocation.niceness
) -> None:
    """Decode every key frame of the pieces, and the last group of pictures of the one numbered `whole`.

    Raises:
        PlayheadError: `output_invalid` when a decoder complains or gives another number of frames.
    """
    chosen = made[whole % len(made)]
    # A piece of one group shows its key frame with the rest of it.
    others = [each for each in made if each is not chosen or each.keys > 1]
    probes = [Probe(each.path, pictures=True, key_frames_only=True) for each in others]
    # Behind the end: ffmpeg goes back to the last key frame there is, and some way further than asked.
    probes.append(Probe(chosen.path, pictures=True, from_seconds=chosen.last_seconds + 1))
    frames = await _decoded(probes, sandbox, niceness)
    if frames != [*(each.keys for each in others), chosen.last_frames]:
        raise PlayheadError("output_invalid", "What was encoded does not decode to as many frames.")


async def audio(path: Path, expected: float | None, sandbox: Sandbox, *, strict: bool) -> int:
    """Check the encoded sound, decode its beginning and its end, and return how many packets it has.

    `strict` demands that it ends when the source's packets promised, `expected` seconds from the timeline's
    beginning; None when they did not.

    Raises:
        PlayheadError: `output_invalid`.
    """
    made = await _only_track(path, "audio")
    lasts = made.presentation_end / made.timescale
    if strict and expected is not None and abs(lasts - expected) > SOUND_SLACK_SECONDS:
        raise PlayheadError("output_invalid", f"The sound lasts {lasts:.3f} of {expected:.3f} seconds.")
    await _sound_decodes(path, lasts, sandbox)
    return made.samples.count


async def stretch(path: Path, sandbox: Sandbox) -> int:
    """Check a stretch of a sound, decode its beginning and its end, and return how many packets it has.

    Raises:
        PlayheadError: `output_invalid`.
    """
    made = await _only_track(path, "audio")
    packets = whole_packets(made)
    if not packets:
        raise PlayheadError("output_invalid", "A stretch of the sound is not as it should be.")
    # Players wait for it.
    await _sound_decodes(path, made.presentation_end / made.timescale, sandbox, AWAITED)
    return packets


async def _sound_decodes(
    path: Path, lasts: float, sandbox: Sandbox, niceness: int = Invocation.niceness
) -> None:
    ends = [Probe(path, pictures=False, seconds=SOUND_SECONDS)]
    if lasts > 2 * SOUND_SECONDS:
        ends.append(Probe(path, pictures=False, from_seconds=lasts - SOUND_SECONDS))
    if 0 in await _decoded(ends, sandbox, niceness):
        raise PlayheadError("output_invalid", "The encoded sound does not decode.")


async def whole(path: Path, plan: Plan, track: str, *, frames: int, sound: Movie | None) -> None:
    """Check a finished rendition: every frame is there, it lasts as long as planned, and it has all of its sound.

    Raises:
        PlayheadError: `output_invalid`.
    """
    movie = await read_movie(LocalBytes(path))
    picture = movie.video
    if picture is None or not movie.complete or f"{picture.width}x{picture.height}" != track:
        raise PlayheadError("output_invalid", "The joined file is not whole.")
    if picture.samples.count != frames:
        raise PlayheadError("output_invalid", f"Of {frames} frames, {picture.samples.count} were joined.")
    lasts = picture.presentation_end / picture.timescale
    planned = plan.duration / TIMESCALE
    one_frame = plan.frame_rate[1] / plan.frame_rate[0]
    if abs(lasts - planned) > max(0.1, one_frame):
        raise PlayheadError("output_invalid", f"The joined file lasts {lasts:.3f} of {planned:.3f} seconds.")
    if sound is not None and abs(_heard_seconds(movie) - _heard_seconds(sound)) > SOUND_SLACK_SECONDS:
        raise PlayheadError("output_invalid", "The joined file has lost some of its sound.")


def _heard_seconds(movie: Movie) -> float:
    """When a file's first sound ends; 0 where it has none."""
    track = next(movie.of_kind("audio"), None)
    return 0.0 if track is None else track.presentation_end / track.timescale


async def _only_track(path: Path, kind: str) -> Track:
    try:
        movie = await read_movie(LocalBytes(path))
    except (PlayheadError, FileNotFoundError) as error:
        raise PlayheadError("output_invalid", "What the encoder wrote cannot be read.") from error
    tracks = [track for track in movie.tracks if track.samples.count]
    if not any(track.kind == kind for track in tracks):
        raise PlayheadError("no_frames" if kind == "video" else "output_invalid")
    if not movie.complete or len(tracks) > 1:
        raise PlayheadError("output_invalid", "What the encoder wrote is not whole, or not alone.")
    return tracks[0]


async def _decoded(
    probes: Sequence[Probe], sandbox: Sandbox, niceness: int = Invocation.niceness
) -> list[int]:
    """How many frames each probe decodes to."""
    try:
        outcome = await run(replace(check_invocation(probes), niceness=niceness), sandbox=sandbox)
    except ToolFailed as error:
        raise PlayheadError("output_invalid", "What was encoded does not decode.") from error
    frames = read_frames(outcome.stdout)
    return [frames[number] for number in range(len(probes))]


def _check_coding(made: Track, track: PlannedRendition) -> None:
    if (made.width, made.height) != (track.width, track.height):
        raise PlayheadError("output_invalid", f"A piece is {made.width}x{made.height}, not {track.track}.")
    if made.timescale != TIMESCALE:
        raise PlayheadError("output_invalid", "A piece counts time in the wrong unit.")
    coded = sequence_of(configuration(made.sample_entry, b"avcC") or b"")
    if coded is None or (coded.profile, coded.chroma_format, coded.bit_depth, coded.interlaced) != (
        *(_PROFILES[track.profile], 1, 8),
        False,
    ):
        raise PlayheadError("output_invalid", "A piece is not coded as every player can play it.")
    if configuration(made.sample_entry, b"colr") != _BT709:
        raise PlayheadError("output_invalid", "A piece's colours are not tagged as BT.709.")


def _check_times(syncs: list[int], in_order: list[int], chunk: Chunk, *, strict: bool) -> None:
    if strict and chunk.frames is not None and len(in_order) != chunk.frames:
        raise PlayheadError("output_invalid", f"A piece has {len(in_order)} of {chunk.frames} frames.")
    if not syncs or in_order[0] != syncs[0]:
        raise PlayheadError("output_invalid", "A piece does not begin with a key frame.")
    if strict and tuple(time + chunk.start for time in syncs) != chunk.grid:
        raise PlayheadError("output_invalid", "A piece's key frames are not on the plan's grid.")
    if strict and any(after - before < SHORTEST_FRAME for before, after in pairwise(in_order)):
        raise PlayheadError("output_invalid", "A piece's frames are not one after the other.")
    if in_order[-1] + chunk.start >= chunk.end:
        raise PlayheadError("output_invalid", "A piece reaches into the next one.")

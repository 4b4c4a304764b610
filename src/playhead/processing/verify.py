"""Verification: an exit code of 0 proves nothing, so what was made is read again before it is published."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from playhead.media.local import LocalBytes
from playhead.media.mp4 import Track, read_movie
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, Chunk, Plan, PlannedRendition

SHORTEST_FRAME = TIMESCALE // 1000
"""Ticks a frame is shown at least; encoders squeeze frames below it when timestamps run backwards."""


async def piece(path: Path, chunk: Chunk, track: PlannedRendition, *, strict: bool) -> int:
    """Check one encoded piece against its chunk and return how many frames it has.

    `strict` demands every frame that the source's packets promised; the second try, made after a decode
    that lost some, is content with those there are.

    Raises:
        PlayheadError: `no_frames` when nothing was decoded, `output_invalid` when it is not as planned.
    """
    made = await _only_track(path, "video")
    frames = made.samples.count
    if (made.width, made.height) != (track.width, track.height):
        raise PlayheadError("output_invalid", f"A piece is {made.width}x{made.height}, not {track.track}.")
    if made.timescale != TIMESCALE:
        raise PlayheadError("output_invalid", "A piece counts time in the wrong unit.")
    if strict and chunk.frames is not None and frames != chunk.frames:
        raise PlayheadError("output_invalid", f"A piece has {frames} of {chunk.frames} frames.")
    times = made.presentation_times
    numbers = range(frames) if made.samples.sync is None else made.samples.sync
    syncs = sorted(times[number] + chunk.start for number in numbers)
    if not syncs or min(times) + chunk.start != syncs[0]:
        raise PlayheadError("output_invalid", "A piece does not begin with a key frame.")
    if strict and (syncs[0] != chunk.start or tuple(syncs) != chunk.grid):
        raise PlayheadError("output_invalid", "A piece's key frames are not on the plan's grid.")
    in_order = sorted(times)
    if strict and any(after - before < SHORTEST_FRAME for before, after in pairwise(in_order)):
        raise PlayheadError("output_invalid", "A piece's frames are not one after the other.")
    if max(times) + chunk.start >= chunk.end:
        raise PlayheadError("output_invalid", "A piece reaches into the next one.")
    return frames


async def audio(path: Path) -> int:
    """Check the encoded sound and return how many packets it has.

    Raises:
        PlayheadError: `output_invalid` when there are none.
    """
    return (await _only_track(path, "audio")).samples.count


async def whole(path: Path, plan: Plan, track: str, *, frames: int, has_sound: bool) -> None:
    """Check a finished rendition: every frame is there, it lasts as long as planned, and it has its sound.

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
    if has_sound and next(movie.of_kind("audio"), None) is None:
        raise PlayheadError("output_invalid", "The joined file has lost its sound.")


async def _only_track(path: Path, kind: str) -> Track:
    try:
        movie = await read_movie(LocalBytes(path))
    except (PlayheadError, FileNotFoundError) as error:
        raise PlayheadError("output_invalid", "What the encoder wrote cannot be read.") from error
    tracks = [track for track in movie.tracks if track.kind == kind and track.samples.count]
    if not tracks:
        raise PlayheadError("no_frames" if kind == "video" else "output_invalid")
    if not movie.complete or len(tracks) > 1:
        raise PlayheadError("output_invalid", "What the encoder wrote is not whole.")
    return tracks[0]

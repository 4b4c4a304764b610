"""Finalising: a track's pieces and the sound become one progressive MP4, without re-encoding a frame."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, read_movie
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.plan import AUDIO, TIMESCALE
from playhead.packaging import Assembly, Piece, join
from playhead.processing import images, verify
from playhead.processing.inspect import plan_of
from playhead.processing.workshop import Workshop, attempt, still
from playhead.records import events, objects, pieces, renditions, videos
from playhead.records.database import Row, Transaction
from playhead.storage import keys

BLOCK = 1024 * 1024


async def finalise(workshop: Workshop, video_id: UUID, track: str) -> None:
    """Join a track whose pieces are all made, take its thumbnails and publish it; maybe the video is ready."""

    async def work(video: Row, _failures: int) -> None:
        async with workshop.records.transaction() as tx:
            if track not in await pieces.complete_tracks(tx, video_id):
                return
            made = await pieces.of_track(tx, video_id, track)
            sound = await pieces.of_track(tx, video_id, AUDIO)
        async with workshop.bench() as bench:
            await _finish(workshop, video, track, [*made, *sound], bench, has_sound=bool(sound))

    async def give_up(tx: Transaction, video: Row, error: PlayheadError) -> None:
        await renditions.fail(tx, video_id, [track], error)
        await videos.settle(tx, video)

    await attempt(workshop, video_id, f"finalise:{track}", work, give_up)


async def _finish(
    workshop: Workshop, video: Row, track: str, made: Sequence[Row], bench: Path, *, has_sound: bool
) -> None:
    whole = bench / "whole.mp4"
    async with AsyncExitStack() as opened:
        paths = [await opened.enter_async_context(workshop.storage.local(row["key"])) for row in made]
        movies = [await read_movie(LocalBytes(path)) for path in paths]
        sound = movies.pop() if has_sound else None
        assembly = _assemble(video, movies, sound)
        digest = await asyncio.to_thread(_write, assembly, paths, whole)
    frames = sum(row["frames"] for row in made if row["track"] == track)
    await verify.whole(whole, plan_of(video), track, frames=frames, sound=sound)
    thumbnails = await images.thumbnails(workshop, video, track, whole, bench)
    name = keys.rendition(video["id"], track, secrets.token_hex(4))
    async with workshop.records.transaction() as tx:
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    await workshop.storage.adopt(name.key, whole)
    async with workshop.records.transaction() as tx:
        current = await still(tx, video)
        if current is None:
            await objects.doom(tx, [name.key, *(key for _, key in thumbnails)])
            return
        if await pieces.finish_track(
            tx,
            current,
            track,
            key=name.key,
            size_bytes=assembly.size,
            etag=digest,
            thumbnails=thumbnails,
        ):
            await events.append(
                tx, video["project_id"], video["id"], EventType.RENDITION_READY, {"track": track}
            )
            await videos.settle(tx, current)


def _assemble(video: Row, movies: Sequence[Movie], sound: Movie | None) -> Assembly:
    """Describe the whole MP4 in terms of its pieces and its sound."""
    chunks = plan_of(video).chunks
    parts = [
        Piece(movie=movie, start=chunk.start + _first_shown(movie), end=chunk.end)
        for movie, chunk in zip(movies, chunks, strict=True)
    ]
    return join(parts, timescale=TIMESCALE, sound=sound)


def _first_shown(movie: Movie) -> int:
    """Ticks from the piece's beginning to its first frame: 0, unless a damaged source lost frames there."""
    return min(movie.video.presentation_times) if movie.video else 0


def _write(assembly: Assembly, paths: Sequence[Path], output: Path) -> str:
    """Copy what the assembly describes into a file; the SHA-256 of all of it, as hexadecimal digits."""
    digest = hashlib.sha256(assembly.head)
    with output.open("xb") as file:
        file.write(assembly.head)
        for span in assembly.spans:
            # One after the other: a film of hours has more pieces than a process may have files open.
            with paths[span.source].open("rb", buffering=0) as source:
                source.seek(span.offset)
                left = span.length
                while left:
                    block = source.read(min(BLOCK, left))
                    if not block:
                        raise PlayheadError("output_invalid", "A piece is shorter than its index says.")
                    digest.update(block)
                    file.write(block)
                    left -= len(block)
    return digest.hexdigest()

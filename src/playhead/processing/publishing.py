"""Making known what was made: stored first, then written down, so that nobody is told of what is not there."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from playhead.model import jobs
from playhead.model.plan import AUDIO, Plan, is_sound
from playhead.processing.workshop import Workshop, still
from playhead.records import objects, pieces, videos
from playhead.records.database import Row
from playhead.storage import keys
from playhead.storage.keys import ObjectName


async def publish(
    workshop: Workshop,
    video: Row,
    plan: Plan,
    chunk: int,
    made: Mapping[str, Path],
    frames: Mapping[str, int],
) -> None:
    """Store what was made of one chunk, by track, and make it known; when another attempt was first, ours is swept.

    `frames` counts what each file holds: frames, or packets of sound.
    """
    token = secrets.token_hex(4)
    names = {track: _named(video["id"], track, chunk, token) for track in made}
    sizes = {track: path.stat().st_size for track, path in made.items()}
    async with workshop.records.transaction() as tx:
        reserved = {name.key: name.slot for name in names.values()}
        await objects.reserve(tx, video["project_id"], video["id"], reserved)
    for track, path in made.items():
        await workshop.storage.adopt(names[track].key, path)
    async with workshop.records.transaction() as tx:
        current = await still(tx, video)
        if current is None:
            await objects.doom(tx, [name.key for name in names.values()])
            return
        published = [
            await pieces.publish(
                tx, video["id"], track, chunk, key=name.key, size_bytes=sizes[track], frames=frames[track]
            )
            for track, name in names.items()
        ]
        if not any(published):
            return
        # What is streamed first: pictures, and of sound alone the sound.
        if chunk == 0 and any(map(is_sound, made)) == plan.drawn:
            await videos.mark_playable(tx, current)
        for track in await pieces.complete_tracks(tx, video["id"]):
            await tx.defer(jobs.finalise(video["id"], track, video["turn"]))


def _named(video_id: UUID, track: str, chunk: int, token: str) -> ObjectName:
    if is_sound(track) and track != AUDIO:
        return keys.sound(video_id, track, token)
    return keys.piece(video_id, track, chunk, token)

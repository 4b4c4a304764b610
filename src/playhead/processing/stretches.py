"""Publishing a sound while it is encoded: each stretch of it as soon as the encoder has begun the next one.

The encode of a long film's sound takes a minute or more, and whoever plays the film meanwhile needs its beginning.
The whole sound comes in the stretches' place when it is there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from playhead.media.ffmpeg.encode import stretch_name
from playhead.model.errors import PlayheadError
from playhead.model.plan import Plan
from playhead.processing import verify
from playhead.processing.workshop import Workshop, still
from playhead.records import objects, stretches
from playhead.records.database import Row
from playhead.storage import keys

CUT_SECONDS = (10.0, 30.0, 90.0, 210.0, 450.0)
"""Where the first stretches end: soon, then in good time before what is there has been played."""
STEADY_SECONDS = 300.0
"""Length of all further ones."""
LOOK_SECONDS = 0.25
"""How often is looked for a new stretch; a sound that is encoded sooner has none published."""

log = structlog.get_logger()


def cuts(plan: Plan, track: str) -> tuple[float, ...]:
    """Where the stretches of a sound end, in seconds, but for the last; none where it is published whole.

    That is when players get the source's own, when nobody knows beforehand where its segments will be cut, and when
    it is encoded more than once.
    """
    seconds, rate = plan.sound_seconds_of(track), plan.sample_rate_of(track)
    if seconds is None or rate is None or plan.normalised or plan.sound_from_source:
        return ()
    further = CUT_SECONDS[-1] + STEADY_SECONDS
    steady = [further + number * STEADY_SECONDS for number in range(int(max(0.0, seconds) // STEADY_SECONDS))]
    return tuple(each for each in (*CUT_SECONDS, *steady) if each < seconds)


@dataclass
class _Publisher:
    """One sound's stretches in one attempt's folder."""

    workshop: Workshop
    video: Row
    track: str
    bench: Path

    async def follow(self, ended: asyncio.Event) -> None:
        """Publish what becomes whole until the encode has ended; what then is not published yet, the whole sound is.

        Raises:
            PlayheadError: `output_invalid`, and what storing one raises.
        """
        number = 0
        async with self.workshop.records.transaction() as tx:
            published = await stretches.of_track(tx, self.video["id"], self.track)
        while not ended.is_set():
            path = self.bench / stretch_name(number)
            if not path.with_name(stretch_name(number + 1)).exists():
                await _either(ended, LOOK_SECONDS)
                continue
            packets, size = await verify.stretch(path, self.workshop.sandbox), path.stat().st_size
            if number < len(published):
                # Another attempt has published it before it died: goes on what this one makes where that ended?
                if (published[number]["packets"], published[number]["size_bytes"]) != (packets, size):
                    raise PlayheadError("output_invalid", "Another attempt has made another sound.")
            elif not await self._publish(number, path, packets, size):
                return
            number += 1

    async def _publish(self, number: int, path: Path, packets: int, size: int) -> bool:
        name = keys.stretch(self.video["id"], self.track, number, secrets.token_hex(4))
        async with self.workshop.records.transaction() as tx:
            await objects.reserve(tx, self.video["project_id"], self.video["id"], {name.key: name.slot})
        await self.workshop.storage.adopt(name.key, path)
        async with self.workshop.records.transaction() as tx:
            current = await still(tx, self.video)
            if current is None:
                await objects.doom(tx, [name.key])
                return False
            return await stretches.publish(
                tx, current, self.track, number, key=name.key, size_bytes=size, packets=packets
            )


async def _either(ended: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)


@asynccontextmanager
async def published(workshop: Workshop, video: Row, track: str, bench: Path) -> AsyncIterator[None]:
    """Publish the stretches of a sound that the block encodes in `bench`."""
    ended = asyncio.Event()
    following = asyncio.create_task(_Publisher(workshop, video, track, bench).follow(ended))
    try:
        yield
    except asyncio.CancelledError:
        following.cancel()
        raise
    finally:
        ended.set()
        await asyncio.gather(following, return_exceptions=True)
    try:
        following.result()
    except PlayheadError as error:
        # Who waits for it gets it with the whole sound.
        log.warning(
            "stretch not published",
            video_id=str(video["id"]),
            track=track,
            code=error.code,
            detail=str(error),
        )

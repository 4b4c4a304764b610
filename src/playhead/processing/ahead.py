"""The first piece of a film that must be encoded, made while the rest of the film is still being learnt.

What its first seconds show is nearly always what the whole of it bears out. The encode that they ask for is begun
at once, and taken when the plan turns out to ask for the very same one, argument by argument; else it is thrown away.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from playhead.media import colors
from playhead.media.ffmpeg.encode import ChunkInput, chunk_invocation
from playhead.media.ffmpeg.invocation import AWAITED, Invocation
from playhead.media.ffmpeg.run import run
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.media import MediaInfo
from playhead.model.plan import Plan
from playhead.processing import verify
from playhead.processing.allowance import chunk_limits
from playhead.processing.planning import plan as make_plan
from playhead.processing.timeline import Timeline
from playhead.processing.workshop import Workshop
from playhead.records import events, objects, pieces
from playhead.records.database import Row, Transaction
from playhead.storage import keys

WITHIN = 5.0
"""Seconds that a plan waits for its first piece. One that takes longer is made by a job of its own, as all others."""

log = structlog.get_logger()


@dataclass
class Ahead:
    """A first piece that may be under way."""

    workshop: Workshop
    source: Path
    bench: Path
    resolutions: Sequence[str]
    _invocation: Invocation | None = field(default=None, init=False)
    _making: asyncio.Task[verify.Checked] | None = field(default=None, init=False)

    def begin(self, info: MediaInfo, timeline: Timeline) -> None:
        """Begin with what seems to be the first chunk, by what is known of the film's first seconds alone."""
        if len(self.workshop.ahead) >= self.workshop.places_ahead or not self.resolutions:
            return
        try:
            plan = make_plan(info, timeline, self.resolutions, ())
        except PlayheadError:
            return  # whatever is wrong with it, the plan will say
        self._invocation = self._encode(info, plan)
        if plan.color is not None:
            colors.place(plan.color, self.bench)
        self._making = asyncio.create_task(self._make(self._invocation, plan))
        self.workshop.ahead.add(self._making)
        self._making.add_done_callback(self.workshop.ahead.discard)

    async def _make(self, invocation: Invocation, plan: Plan) -> verify.Checked:
        await run(invocation, sandbox=self.workshop.sandbox)
        made = await self._checked(plan)
        await verify.decodes([made], 0, self.workshop.sandbox, AWAITED)
        return made

    async def _checked(self, plan: Plan) -> verify.Checked:
        return await verify.piece(self._output(plan), plan.chunks[0], plan.renditions[-1], strict=True)

    async def taken(self, info: MediaInfo, plan: Plan) -> verify.Checked | None:
        """The first piece of the plan's smallest rendition, checked as every piece is; None when there is none."""
        if self._making is None or plan.drawn or self._encode(info, plan) != self._invocation:
            return None
        try:
            async with asyncio.timeout(WITHIN):
                await self._making
            return await self._checked(plan)  # by the plan itself, which is cheap
        except (PlayheadError, TimeoutError) as error:
            # Made again by the job whose failures are counted.
            log.info("the first piece is left to its job", reason=str(error) or "it takes long")
            return None

    async def close(self) -> None:
        """End the encode, if it still runs."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    def _encode(self, info: MediaInfo, plan: Plan) -> Invocation:
        source = ChunkInput(path=self.source, stream=info.shown, guards=guards_of(self.source))
        chunk, track = plan.chunks[0], plan.renditions[-1]
        limits = chunk_limits(chunk, [track], from_beginning=chunk.seek_seconds is None)
        made = chunk_invocation(source, plan, chunk, [(track, self._output(plan))], limits)
        return replace(made, niceness=AWAITED)

    def _output(self, plan: Plan) -> Path:
        return self.bench / f"{plan.renditions[-1].track}.mp4"


@asynccontextmanager
async def ahead_of(workshop: Workshop, source: Path, resolutions: Sequence[str]) -> AsyncIterator[Ahead]:
    """A first piece for the time of the block; whatever was not taken away by then is gone."""
    async with workshop.bench() as bench:
        ahead = Ahead(workshop, source, bench, resolutions)
        try:
            yield ahead
        finally:
            await ahead.close()


@dataclass(frozen=True)
class FirstPiece:
    """A first piece that is stored, and not known to anybody yet."""

    track: str
    key: str
    size_bytes: int
    frames: int


async def first_piece(
    workshop: Workshop, video: Row, ahead: Ahead, info: MediaInfo, plan: Plan
) -> FirstPiece | None:
    """Store the first piece of a plan, if it was made ahead."""
    made = await ahead.taken(info, plan) if plan.source_reasons else None
    if made is None:
        return None
    track, size = plan.renditions[-1].track, made.path.stat().st_size
    name = keys.piece(video["id"], track, 0, secrets.token_hex(4))
    async with workshop.records.transaction() as tx:
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    await workshop.storage.adopt(name.key, made.path)
    return FirstPiece(track, name.key, size, made.frames)


async def publish_first(tx: Transaction, video: Row, made: FirstPiece) -> bool:
    """Make it known with the plan that is just laid out; False when nobody wants it any more."""
    published = await pieces.publish(
        tx, video["id"], made.track, 0, key=made.key, size_bytes=made.size_bytes, frames=made.frames
    )
    if published:
        told = {"chunk": 0, "tracks": [made.track]}
        await events.append(tx, video["project_id"], video["id"], EventType.PROGRESS, told)
    return published

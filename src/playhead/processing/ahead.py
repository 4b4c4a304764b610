"""The first piece of a film that must be encoded, made while the rest of the film is still being learnt.

What its first seconds show is nearly always what the whole of it bears out. The encode that they ask for is begun
at once, and taken when the plan turns out to ask for the very same one, argument by argument; else it is thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import structlog

from playhead.media import colors
from playhead.media.ffmpeg.encode import ChunkInput, chunk_invocation
from playhead.media.ffmpeg.invocation import AWAITED, Invocation
from playhead.media.ffmpeg.run import run
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.media import MediaInfo
from playhead.model.plan import Plan
from playhead.processing import verify
from playhead.processing.allowance import chunk_limits
from playhead.processing.planning import plan as make_plan
from playhead.processing.publishing import publish
from playhead.processing.timeline import Timeline
from playhead.processing.workshop import Workshop
from playhead.records.database import Row

WITHIN = 5.0
"""Seconds that a film's other jobs wait for its first piece. One that takes longer is made by a job of its own."""

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

    def fits(self, info: MediaInfo, plan: Plan) -> bool:
        """Whether the first piece that a plan asks for is the one under way."""
        if self._making is None or plan.drawn or not plan.source_reasons or not plan.renditions:
            return False
        return self._encode(info, plan) == self._invocation

    async def taken(self, plan: Plan) -> verify.Checked | None:
        """The first piece of the smallest rendition of a plan it fits, checked as every piece is.

        None when it cannot be had.
        """
        if self._making is None:
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


async def publish_first(workshop: Workshop, video: Row, ahead: Ahead, plan: Plan) -> bool:
    """Publish the first piece of a plan that the encode ahead fits; False when it is left to its job."""
    made = await ahead.taken(plan)
    if made is None:
        return False
    track = plan.renditions[-1].track
    await publish(workshop, video, plan, 0, {track: made.path}, {track: made.frames})
    return True


@contextmanager
def first_piece_under_way(workshop: Workshop, video_id: UUID) -> Iterator[None]:
    """Have those who are asked for a film's first piece wait for the one that comes from ahead."""
    over = workshop.first_pieces[video_id] = asyncio.Event()
    try:
        yield
    finally:
        workshop.first_pieces.pop(video_id, None)
        over.set()


async def first_piece_over(workshop: Workshop, video_id: UUID) -> None:
    """Wait until a film's first piece is known, or left to its job, where it is made ahead by this worker."""
    over = workshop.first_pieces.get(video_id)
    if over is not None:
        await over.wait()

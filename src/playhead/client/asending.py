"""Sending a file from an event loop: leads the flows, over one connection or over several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

import httpx

from playhead.client import calls, flows
from playhead.client.body import Body
from playhead.client.errors import PlayheadConnectionError
from playhead.client.flows import Part, Standing
from playhead.client.models import Multipart, Unfinished, Upload
from playhead.client.patience import retry_pauses
from playhead.client.resuming import Memory
from playhead.client.steps import Answer, Flow, Pause, Step
from playhead.client.tally import Progress, Tally
from playhead.client.transport import UPLOAD_TIMEOUT, hands, no_answer, put_headers, worth_sharing

T = TypeVar("T")


class AsyncSending:
    """Sends files to uploads' URLs."""

    def __init__(self, http: httpx.AsyncClient, retries: int) -> None:
        self._http = http
        self._retries = retries

    async def standing(self, begun: Unfinished, size: int) -> Standing:
        """How an upload that was begun before stands."""
        return await self._lead(flows.standing(begun, size, self._patience))

    async def send(
        self,
        begun: Unfinished,
        body: Body,
        on_progress: Progress | None,
        *,
        parallel: int | None = None,
        held: int = 0,
        memory: Memory,
    ) -> None:
        """Send what is left of a file; `held` bytes of it are there, and `memory` keeps how it can go on."""
        upload, tally = begun.upload, Tally(body.size, on_progress)
        if begun.multipart is not None or (worth_sharing(upload, body, parallel) and not held):
            multipart = begun.multipart or await self._lead(
                flows.begin(upload, body.filename, body.size, self._patience)
            )
            if multipart is not None:
                await asyncio.to_thread(memory.keep, Unfinished(upload, multipart))
                try:
                    await self._side_by_side(upload, multipart, body, tally, hands(upload, parallel))
                    return
                except PlayheadConnectionError:
                    # Perhaps only the server can reach its store. What has come there is not given up.
                    if not upload.direct or tally.arrived:
                        raise
                    await asyncio.to_thread(memory.keep, Unfinished(upload))
        parts = await asyncio.to_thread(body.parts, to_be_played=upload.play_while_uploading)
        if parts is None:
            await self._put(upload, body, on_progress)
        else:
            parts.interrupted = held > 0
            await self._lead(flows.in_order(upload, parts, tally, self._patience), body, tally)

    async def _side_by_side(
        self, upload: Upload, multipart: Multipart, body: Body, tally: Tally, parallel: int
    ) -> None:
        left = await self._lead(flows.missing(upload, multipart, body.size, self._patience))
        tally.known(body.size - sum(part.length for part in left))
        places = asyncio.Semaphore(parallel)

        async def one(part: Part) -> None:
            async with places:
                flow = flows.one_part(upload, multipart, part, tally, self._patience)
                await self._lead(flow, body, tally)

        sent = asyncio.gather(*(one(part) for part in left))
        try:
            await sent
        finally:
            sent.cancel()  # the others, when one has failed
        await self._lead(flows.join(upload, multipart, self._patience))

    async def _lead(self, flow: Flow[T], body: Body | None = None, tally: Tally | None = None) -> T:
        """Carry out what a flow asks for, until it is over."""
        try:
            step = next(flow)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = flow.send(None)
                    continue
                try:
                    answer = await self._once(step, body, tally)
                except PlayheadConnectionError as broken:
                    step = flow.throw(broken)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _once(self, step: Step, body: Body | None, tally: Tally | None) -> Answer:
        content: bytes | AsyncIterator[bytes]
        if isinstance(step.body, bytes):
            content = step.body
        else:
            assert body is not None  # only steps of flows that are led with one name a range of it
            assert tally is not None
            content = body.arange_blocks(step.body, tally)
        try:
            answer = await self._http.request(
                step.method, step.url, content=content, headers=dict(step.headers), timeout=UPLOAD_TIMEOUT
            )
        except httpx.TransportError as cause:
            raise no_answer(step.url, cause) from cause
        return Answer(answer.status_code, answer.headers, answer.content)

    async def _put(self, upload: Upload, body: Body, on_progress: Progress | None) -> None:
        try:
            answer = await self._http.put(
                upload.url,
                content=body.ablocks(on_progress),
                headers=put_headers(upload, body),
                timeout=UPLOAD_TIMEOUT,
            )
        except httpx.TransportError as cause:
            raise no_answer(upload.url, cause) from cause
        if not answer.is_success:
            raise calls.problem(answer.status_code, answer.headers, answer.content)

    def _patience(self) -> Iterator[float]:
        return retry_pauses(self._retries)

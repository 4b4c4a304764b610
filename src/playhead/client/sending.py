"""Sending a file with plain calls: leads the flows, over one connection or over several in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
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


class Sending:
    """Sends files to uploads' URLs."""

    def __init__(self, http: httpx.Client, retries: int) -> None:
        self._http = http
        self._retries = retries

    def standing(self, begun: Unfinished, size: int) -> Standing:
        """How an upload that was begun before stands."""
        return self._lead(flows.standing(begun, size, self._patience))

    def send(
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
            multipart = begun.multipart or self._lead(
                flows.begin(upload, body.filename, body.size, self._patience)
            )
            if multipart is not None:
                memory.keep(Unfinished(upload, multipart))
                try:
                    self._side_by_side(upload, multipart, body, tally, hands(upload, parallel))
                    return
                except PlayheadConnectionError:
                    # Perhaps only the server can reach its store. What has come there is not given up.
                    if not upload.direct or tally.arrived:
                        raise
                    memory.keep(Unfinished(upload))
        parts = body.parts(to_be_played=upload.play_while_uploading)
        if parts is None:
            self._put(upload, body, on_progress)
        else:
            parts.interrupted = held > 0
            self._lead(flows.in_order(upload, parts, tally, self._patience), body, tally)

    def _side_by_side(
        self, upload: Upload, multipart: Multipart, body: Body, tally: Tally, parallel: int
    ) -> None:
        left = self._lead(flows.missing(upload, multipart, body.size, self._patience))
        tally.known(body.size - sum(part.length for part in left))
        stopped = threading.Event()

        def one(part: Part) -> None:
            flow = flows.one_part(upload, multipart, part, tally, self._patience)
            self._lead(flow, body, tally, stopped)

        pool = ThreadPoolExecutor(parallel)
        try:
            for sent in as_completed([pool.submit(one, part) for part in left]):
                sent.result()
        finally:
            # After a failure, or Ctrl-C, the others end with the block they are at.
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
        self._lead(flows.join(upload, multipart, self._patience))

    def _lead(
        self,
        flow: Flow[T],
        body: Body | None = None,
        tally: Tally | None = None,
        stopped: threading.Event | None = None,
    ) -> T:
        """Carry out what a flow asks for, until it is over."""
        try:
            step = next(flow)
            while True:
                if stopped is not None and stopped.is_set():
                    raise _StoppedError
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    step = flow.send(None)
                    continue
                try:
                    answer = self._once(step, body, tally, stopped)
                except PlayheadConnectionError as broken:
                    step = flow.throw(broken)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _once(
        self, step: Step, body: Body | None, tally: Tally | None, stopped: threading.Event | None
    ) -> Answer:
        content: bytes | Iterator[bytes]
        if isinstance(step.body, bytes):
            content = step.body
        else:
            assert body is not None  # only steps of flows that are led with one name a range of it
            assert tally is not None
            content = _until(stopped, body.range_blocks(step.body, tally))
        try:
            answer = self._http.request(
                step.method, step.url, content=content, headers=dict(step.headers), timeout=UPLOAD_TIMEOUT
            )
        except httpx.TransportError as cause:
            raise no_answer(step.url, cause) from cause
        return Answer(answer.status_code, answer.headers, answer.content)

    def _put(self, upload: Upload, body: Body, on_progress: Progress | None) -> None:
        try:
            answer = self._http.put(
                upload.url,
                content=body.blocks(on_progress),
                headers=put_headers(upload, body),
                timeout=UPLOAD_TIMEOUT,
            )
        except httpx.TransportError as cause:
            raise no_answer(upload.url, cause) from cause
        if not answer.is_success:
            raise calls.problem(answer.status_code, answer.headers, answer.content)

    def _patience(self) -> Iterator[float]:
        return retry_pauses(self._retries)


class _StoppedError(Exception):
    """Nobody wants the part any more."""


def _until(stopped: threading.Event | None, blocks: Iterator[bytes]) -> Iterator[bytes]:
    for block in blocks:
        if stopped is not None and stopped.is_set():
            raise _StoppedError
        yield block

"""Preflight: what would become of a file, asked before its bytes are sent.

With a key it lies at `/v1/preflight`; for those without one behind a grant's token and behind an upload's URL.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar import Request as HTTPRequest
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from playhead.api.preflight_form import Asked, read_form
from playhead.media.sparse import SparseBytes
from playhead.model.errors import PlayheadError
from playhead.model.problems import reason
from playhead.processing.estimate import Interval
from playhead.processing.preflight import MOST_BYTES, DryRun, Judging, Verdict, judge
from playhead.processing.unprobed import Unprobed
from playhead.records.database import Row
from playhead.upload.asking import wished
from playhead.upload.grants import Caller
from playhead.upload.reply import Reply
from playhead.upload.request import Request

MOST_AT_ONCE = 8
"""Questions whose bytes are held at the same time; with `MOST_BYTES` each that is what they take of memory."""


class Preflight:
    """Answers questions, one at a time; how many may wait is bounded."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._asking = 0
        self._turn = asyncio.Semaphore(1)

    async def answer(
        self, content_type: str, stream: AsyncIterator[bytes], grant: Row | None = None
    ) -> dict[str, Any]:
        """Read a form and say what would become of its file, for the holder of a key or of a grant.

        Raises:
            PlayheadError: `rate_limited` when too many ask; `malformed_request`, `invalid_request`,
                `upload_too_large` for what is wrong with the form. A file that is refused is an answer.
        """
        if self._asking >= MOST_AT_ONCE:
            raise PlayheadError("rate_limited", "Too many files are being looked at.")
        self._asking += 1
        try:
            asked = await read_form(stream, content_type, MOST_BYTES)
            request = wished(asked.wishes, grant)
            if grant is not None and grant["max_bytes"] is not None and asked.size > grant["max_bytes"]:
                refusal = PlayheadError(
                    "upload_too_large", f"At most {grant['max_bytes']} bytes are accepted."
                )
                return preflight_view(Verdict("refused", error=refusal))
            async with self._turn:
                verdict = await asyncio.to_thread(self._judge, asked, request.resolutions)
        finally:
            self._asking -= 1
        return preflight_view(verdict)

    async def of_grant(self, request: Request[Caller]) -> Reply:
        """The same for the holder of a grant, who has no key."""
        return await self._reply(request, request.subject.grant)

    async def of_upload(self, request: Request[UUID]) -> Reply:
        """The same for the holder of an upload's URL."""
        return await self._reply(request, None)

    async def _reply(self, request: Request[Any], grant: Row | None) -> Reply:
        told = await self.answer(request.headers.get("content-type", ""), request.body.blocks(), grant)
        return Reply(200, msgspec.json.encode(told))

    def _judge(self, asked: Asked, resolutions: Sequence[str]) -> Verdict:
        return judge(SparseBytes(asked.size, asked.ranges), resolutions, self._judging)


PreflightGiven = NamedDependency[SkipValidation[Preflight]]


class PreflightController(Controller):
    """Asking before sending."""

    path = "/v1/preflight"
    tags = ("Uploads",)

    @post(status_code=200, request_max_body_size=None)
    async def ask(
        self,
        request: HTTPRequest[Any, Any, Any],
        project_id: NamedDependency[UUID],
        preflight: PreflightGiven,
    ) -> dict[str, Any]:
        """What would become of a file, by its first bytes and its index."""
        del project_id  # a key is needed; the answer is the same for all of them
        return await preflight.answer(request.headers.get("content-type", ""), request.stream())


def preflight_view(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "verdict": verdict.name,
        "reasons": list(verdict.reasons),
        "error": None if verdict.error is None else reason(verdict.error),
        "source": _source(verdict.facts),
        "plan": _plan(verdict.plan),
        "wanted": []
        if verdict.wanted is None
        else [{"start": verdict.wanted[0], "length": verdict.wanted[1]}],
    }


def _source(facts: Unprobed | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "width": facts.video.width,
        "height": facts.video.height,
        "duration_seconds": round(facts.seconds, 3),
        "video_codec": facts.video.codec,
        "audio_codec": facts.audio_codec,
    }


def _plan(plan: DryRun | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "renditions": [
            {
                "resolution": each.resolution,
                "width": each.width,
                "height": each.height,
                "max_bit_rate": each.max_bit_rate,
                "note": each.note,
            }
            for each in plan.renditions
        ],
        "cpu_seconds": _interval(plan.cpu_seconds),
        "bytes": _interval(plan.bytes),
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {"low": interval.low, "high": interval.high}

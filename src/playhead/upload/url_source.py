"""Bringing a file from a URL, the connection: one request, its redirects, and the bytes of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from playhead.model.errors import PlayheadError
from playhead.outbound.session import FAILURES, open_session, refused, untrusted
from playhead.upload.url_ingest import Offer, Wanted, checked_url, next_hop, offer

USER_AGENT = "Playhead-Fetch/1"
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Pace:
    """How slow a server may be."""

    answer_seconds: float = 30.0
    """From resolving its name to the last header of its answer, for each redirect."""
    seconds: float = 60.0
    least_bytes: int = 256 * 1024
    """To come in each of those `seconds` of waiting."""


class Strangers:
    """Servers that files are fetched from; with `local_networks_allowed` also those inside of our networks."""

    def __init__(
        self,
        *,
        local_networks_allowed: bool,
        pace: Pace | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._local_networks_allowed = local_networks_allowed
        self._pace = pace or Pace()
        self._resolver = resolver

    @asynccontextmanager
    async def open(self, url: str, wanted: Wanted) -> AsyncIterator[tuple[Offer, AsyncIterator[bytes]]]:
        """What a URL offers of what is wanted, and its bytes, which raise the same errors.

        Raises:
            PlayheadError: `url_refused`, `source_refused`, `source_untrusted`, `source_unreachable`,
                `source_too_slow`.
        """
        async with AsyncExitStack() as stack:
            answer = await self._answer(checked_url(url), wanted, stack)
            found = offer(wanted, answer.status, _lower(answer))
            if found is None:
                answer = await self._answer(checked_url(url), Wanted(), stack)
                found = offer(Wanted(), answer.status, _lower(answer))
            if found is None:
                raise PlayheadError("source_refused", "The server sends a part that was not asked for.")
            yield found, self._blocks(answer)

    async def _answer(self, at: URL, wanted: Wanted, stack: AsyncExitStack) -> aiohttp.ClientResponse:
        """The answer at the end of all redirects. Each is a request of its own, judged like the first."""
        hops = 0
        while True:
            try:
                session = await stack.enter_async_context(self._session())
                async with asyncio.timeout(self._pace.answer_seconds):
                    answer = await session.get(at, headers=wanted.headers(), allow_redirects=False)
            except FAILURES as error:
                raise _named(error) from error
            stack.callback(answer.close)
            if answer.status not in _REDIRECTS:
                return answer
            hops += 1
            at = next_hop(at, answer.headers.get("location"), hops)
            answer.close()

    def _session(self) -> aiohttp.ClientSession:
        return open_session(
            local_networks_allowed=self._local_networks_allowed,
            timeout=aiohttp.ClientTimeout(total=None),  # the pace is watched here
            user_agent=USER_AGENT,
            resolver=self._resolver,
        )

    async def _blocks(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        waited, came = 0.0, 0
        while True:
            begun = clock()
            try:
                async with asyncio.timeout(self._pace.seconds - waited):
                    block = await answer.content.readany()
            except TimeoutError:
                block = None
            except FAILURES as error:
                raise _named(error) from error
            # Only waiting counts: what our own disk takes is not the server's fault.
            waited += clock() - begun
            if block == b"":
                return
            came += len(block or b"")
            if block is None or waited >= self._pace.seconds:
                if came < self._pace.least_bytes:
                    raise PlayheadError(
                        "source_too_slow", f"{came} bytes came in {self._pace.seconds:.0f} seconds."
                    )
                waited, came = 0.0, 0
            if block:
                yield block


def _lower(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _named(error: BaseException) -> PlayheadError:
    """Why there was no answer, or no more of it; says nothing of our network that a stranger could not know."""
    if refused(error):
        return PlayheadError("url_refused", "The URL leads to an address that is not on the public internet.")
    if untrusted(error):
        return PlayheadError("source_untrusted")
    if isinstance(error, TimeoutError):
        return PlayheadError("source_unreachable", "The URL's server did not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return PlayheadError("source_unreachable", "The URL's host name could not be resolved.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return PlayheadError("source_unreachable", "No connection to the URL's server could be made.")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return PlayheadError("url_refused")
    return PlayheadError("source_unreachable", "The connection broke off before the file was whole.")

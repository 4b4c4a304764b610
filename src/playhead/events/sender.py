"""Sending one request to a webhook, and learning nothing from the receiver but its status."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from playhead.events.message import Message
from playhead.outbound.session import FAILURES, open_session, refused, untrusted, usable

TIMEOUT_SECONDS = 15.0
"""From resolving the name to the last header of the answer."""
USER_AGENT = "Playhead-Webhooks/1"
UNUSABLE = "The URL cannot be used."


@dataclass(frozen=True)
class Outcome:
    """How an attempt went."""

    status: int | None
    """The receiver's HTTP status; None when it did not answer."""
    error: str | None
    """Why it counts as failed, as a sentence for the webhook's owner; None when it was delivered."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.error is None


class Sender:
    """Sends messages; with `local_networks_allowed` also to addresses outside of the public internet.

    It follows no redirect, uses no proxy of the environment, keeps no cookie and reads no body.
    """

    def __init__(
        self,
        *,
        local_networks_allowed: bool,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._local_networks_allowed = local_networks_allowed
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._resolver = resolver

    async def send(self, url: str, message: Message) -> Outcome:
        """POST a message to `url`. Whatever the receiver does, there is an outcome within the timeout."""
        if not usable(url):
            return Outcome(None, UNUSABLE)
        try:
            async with (
                self._session() as session,
                session.post(
                    url, data=message.body, headers=message.headers, allow_redirects=False
                ) as response,
            ):
                # The body is not looked at: leaving the block closes the connection on what is still to come.
                return _judged(response.status)
        except FAILURES as error:
            return Outcome(None, _reason(error))

    def _session(self) -> aiohttp.ClientSession:
        """A session for one attempt: deliveries go to many hosts, so nothing is worth keeping open."""
        return open_session(
            local_networks_allowed=self._local_networks_allowed,
            timeout=self._timeout,
            user_agent=USER_AGENT,
            resolver=self._resolver,
        )


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status, None)
    if 300 <= status < 400:
        return Outcome(status, f"The receiver answered {status}; redirects are not followed.")
    return Outcome(status, f"The receiver answered {status}.")


def _reason(error: Exception) -> str:
    """Why there was no answer; says nothing of the network that its owner could not know."""
    if refused(error):
        return "The URL leads to an address that is not on the public internet."
    if isinstance(error, TimeoutError):
        return "The receiver did not answer in time."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The URL's host name could not be resolved."
    if untrusted(error):
        return "No trusted TLS connection could be made."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "No connection could be made."
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return UNUSABLE
    return "The connection broke off before an answer came."

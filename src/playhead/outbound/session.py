"""One HTTP session for one request to a stranger, which learns nothing from us and cannot lead us astray.

It follows no redirect by itself, uses no proxy of the environment, keeps no cookie, unpacks no body and looks a
name up once: the address that `guard` has judged is the one that is connected to.
"""

from __future__ import annotations

import ssl

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from playhead.outbound.guard import AddressRefusedError, guarded_socket

FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""Whatever may come of a request."""


def open_session(
    *,
    local_networks_allowed: bool,
    timeout: aiohttp.ClientTimeout,
    user_agent: str,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """A session; use it as an async context manager."""
    connector = aiohttp.TCPConnector(
        force_close=True,
        use_dns_cache=False,
        resolver=resolver,
        socket_factory=None if local_networks_allowed else guarded_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"user-agent": user_agent, "accept": "*/*"},
    )


def usable(url: str) -> bool:
    """Whether a URL is one that a request can be made to."""
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host)


def refused(error: BaseException) -> bool:
    """Whether a request failed because of where it would have led."""
    if isinstance(error, AddressRefusedError):
        return True
    inner = getattr(error, "os_error", None) or error.__cause__
    return inner is not None and inner is not error and refused(inner)


def untrusted(error: BaseException) -> bool:
    """Whether it failed because of TLS: a certificate nobody vouches for, or no common language."""
    return isinstance(error, aiohttp.ClientSSLError | ssl.SSLError)

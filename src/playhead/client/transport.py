"""What both clients tell httpx."""

from __future__ import annotations

import httpx

from playhead.client.body import Body
from playhead.client.errors import PlayheadConnectionError
from playhead.client.models import Upload

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds. Completing is the slowest call: the server looks at the file before it answers."""

UPLOAD_TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=300.0)
"""Seconds. After the last byte the server still has to bring the file to disk."""

HANDS = 4
"""Connections, where parts go straight to the store and nobody has said how many: as many as Uppy takes."""
SHARED_FROM = 8 * 1024 * 1024
"""Bytes from which several connections are worth it: stores take no smaller parts than 5 MiB."""


def server_address(base_url: str) -> str:
    """A server's address without a trailing slash.

    Raises:
        ValueError: it is not an http or https address.
    """
    if httpx.URL(base_url).scheme not in ("http", "https"):
        raise ValueError(
            f"{base_url!r} is not the address of a server: write http://host:port or https://host."
        )
    return base_url.rstrip("/")


def put_headers(upload: Upload, body: Body) -> dict[str, str]:
    """Headers of the request that carries the bytes: no key, as the URL itself is the permission.

    With a Content-Length httpx sends the bytes plainly, not chunked, and the server can refuse early.
    """
    return {"Content-Type": upload.content_type, "Content-Length": str(body.size)}


def hands(upload: Upload, parallel: int | None) -> int:
    """Connections that send a file; `parallel` is what was asked for."""
    return max(1, parallel or (HANDS if upload.direct else 1))


def worth_sharing(upload: Upload, body: Body, parallel: int | None) -> bool:
    """Whether a file is sent in parts: what is watched meanwhile goes in its own order.

    Where they go straight to the store, even a single one does: it is a byte less for the server.
    """
    if upload.play_while_uploading or not body.repeatable:
        return False
    return (upload.direct and body.size > 0) or (hands(upload, parallel) > 1 and body.size > SHARED_FROM)


def no_answer(url: str, cause: httpx.TransportError) -> PlayheadConnectionError:
    """A sentence for what httpx says when no answer came from `url`."""
    address = httpx.URL(url)
    server = f"{address.scheme}://{address.netloc.decode()}"
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout):
        return PlayheadConnectionError(f"No server answers at {server}. Is `playhead serve` running there?")
    if isinstance(cause, httpx.TimeoutException):
        return PlayheadConnectionError(
            f"The server at {server} took too long to answer. Try again in a moment."
        )
    return PlayheadConnectionError(f"The connection to {server} broke. Try again in a moment.")

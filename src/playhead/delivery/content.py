"""Content: bytes of a known size, asked for whole or in part, and only if the client does not hold them already."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from litestar import HttpMethod, Request

from playhead.delivery import conditions, ranges
from playhead.delivery.answer import Answer
from playhead.delivery.conditions import Validators, Verdict
from playhead.delivery.headers import note_size
from playhead.delivery.ranges import Span

Blocks = AsyncGenerator[bytes, None]


@dataclass(frozen=True)
class Content:
    """What one URL leads to."""

    size: int
    content_type: str
    validators: Validators
    cache_control: str
    read: Callable[[int, int], Blocks]
    """From (start, length) to those bytes, a block at a time."""
    disposition: str | None = None


def respond(request: Request[Any, Any, Any], content: Content) -> Answer:
    """The answer to a GET or HEAD (RFC 9110): conditions first, then ranges.

    Raises:
        PlayheadError: `range_not_satisfiable`.
    """
    headers = {
        "accept-ranges": "bytes",
        "etag": content.validators.etag,
        "cache-control": content.cache_control,
    }
    if content.disposition:
        headers["content-disposition"] = content.disposition
    if content.validators.last_modified_text:
        headers["last-modified"] = content.validators.last_modified_text
    match conditions.judge(request.headers, content.validators):
        case Verdict.NOT_MODIFIED:
            return Answer(304, headers)
        case Verdict.FAILED:
            return Answer(412, {"content-length": "0"})
        case Verdict.PROCEED:
            return _sent(request, content, headers)


def _sent(request: Request[Any, Any, Any], content: Content, headers: dict[str, str]) -> Answer:
    # Ranges are defined for GET alone (RFC 9110, section 14.2).
    if request.method == HttpMethod.HEAD:
        return Answer(200, headers | _measures(content.content_type, content.size))
    spans = None
    if conditions.range_applies(request.headers.get("if-range"), content.validators):
        note_size(request.scope, content.size)
        spans = ranges.requested(request.headers.get("range"), content.size)
    if spans is None:
        whole = [Span(0, content.size)] if content.size else []
        return Answer(200, headers | _measures(content.content_type, content.size), _blocks(content, whole))
    if len(spans) == 1:
        headers |= _measures(content.content_type, spans[0].length)
        headers["content-range"] = spans[0].content_range(content.size)
        return Answer(206, headers, _blocks(content, spans))
    parts = ranges.framed(spans, content.size, content.content_type, secrets.token_hex(16))
    framed = [part for head, span in zip(parts.heads, spans, strict=True) for part in (head, span)]
    return Answer(
        206, headers | _measures(parts.content_type, parts.length), _blocks(content, [*framed, parts.tail])
    )


def _measures(content_type: str, length: int) -> dict[str, str]:
    return {"content-type": content_type, "content-length": str(length)}


async def _blocks(content: Content, parts: Sequence[Span | bytes]) -> Blocks:
    """The spans of the content and the bytes between them."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        # Closed here and now, not when the collector comes by: a viewer who leaves holds no file open.
        async with aclosing(content.read(part.start, part.length)) as stream:
            async for block in stream:
                yield block

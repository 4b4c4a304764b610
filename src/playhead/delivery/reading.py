"""Reading what an assembly describes out of storage, in as few reads as do no harm."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from playhead.packaging import Assembly, Span
from playhead.storage.port import Storage

GAP = 64 * 1024
"""Bytes that are read and dropped rather than skipped by another read: sound and pictures lie in turns in a
source, some change with every frame, and in a remote store each read is a request."""


@dataclass
class Run:
    """Stretches of one stored object that one read covers."""

    source: int
    offset: int
    end: int
    spans: list[Span] = field(default_factory=list)


def runs(parts: Iterable[bytes | Span]) -> Iterator[bytes | Run]:
    """The parts of an assembly with spans joined that follow each other closely; bytes stay as they are."""
    run: Run | None = None
    for part in parts:
        if isinstance(part, Span) and run is not None:
            if part.source == run.source and 0 <= part.offset - run.end <= GAP:
                run.spans.append(part)
                run.end = part.offset + part.length
                continue
            yield run
        elif run is not None:
            yield run
        if isinstance(part, Span):
            run = Run(part.source, part.offset, part.offset + part.length, [part])
        else:
            run = None
            yield part
    if run is not None:
        yield run


async def read(
    storage: Storage, keys: Sequence[str], assembly: Assembly, start: int, length: int
) -> AsyncGenerator[bytes, None]:
    """Bytes `start` to `start + length` of an assembly whose source k is stored under `keys[k]`.

    Raises:
        PlayheadError: what storage raises; before the first block if that is when it happens, for bytes of the
            assembly's own come together with the media that follows them.
    """
    held = b""
    for item in runs(assembly.part(start, length)):
        if not isinstance(item, Run):
            held += item
            continue
        key, size = keys[item.source], item.end - item.offset
        async with aclosing(
            cast(AsyncGenerator[bytes, None], storage.stream(key, item.offset, size))
        ) as blocks:
            at = item.offset
            async for block in blocks:
                wanted: list[bytes | memoryview] = [held, *_within(item.spans, at, block)]
                held, at = b"", at + len(block)
                yield b"".join(wanted)
    if held:
        yield held


def _within(spans: Iterable[Span], at: int, block: bytes) -> Iterator[memoryview]:
    """What a block that was read from `at` on holds of the spans."""
    view, end = memoryview(block), at + len(block)
    for span in spans:
        if span.offset < end and at < span.offset + span.length:
            yield view[max(0, span.offset - at) : span.offset + span.length - at]

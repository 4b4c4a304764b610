"""A look at a file's first bytes while the others are still coming, so that no more is taken of what is no video."""

from __future__ import annotations

from collections.abc import AsyncIterator

from playhead.media.source import HEAD_BYTES, require_media


async def looked_at(
    blocks: AsyncIterator[bytes], size: int | None, before: bytes = b""
) -> AsyncIterator[bytes]:
    """The blocks as they come, until `HEAD_BYTES` of the file are there and tell that it is refused.

    `size` is that of the whole file in bytes, None where nobody has said; `before` what had come of its beginning.
    A file that is shorter is left to completing, which looks at the same bytes.

    Raises:
        PlayheadError: why it is refused, by name; and whatever `blocks` raises.
    """
    head = bytearray(before[:HEAD_BYTES])
    is_told = len(head) == HEAD_BYTES
    async for block in blocks:
        if not is_told:
            head += block[: HEAD_BYTES - len(head)]
            if len(head) == HEAD_BYTES:
                require_media(bytes(head), HEAD_BYTES if size is None else size)
                is_told = True
        yield block

"""Which parts of a file are sent, in which order, and what is left of them after an interruption. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playhead.client.errors import PlayheadConnectionError

Range = tuple[int, int]
"""From the first byte to before the last."""

_RANGE = re.compile(r"bytes=0-([0-9]+)")
_HEADER = 16
"""Bytes of the largest MP4 box header."""
_BOXES = 64
"""Boxes at the top of a file that are looked at; films that can be played as they are have a handful."""


def playing_order(read: Callable[[int, int], bytes], size: int) -> list[Range]:
    """The order that lets an MP4 be watched while it is sent: its index before its media.

    `read` gives bytes from (start, length). Where the index (`moov`) lies behind the media, what stands before
    the media goes first, so that the index can be found, then the end of the file. Spec: ISO/IEC 14496-12, 4.2.
    """
    at, media_at = 0, None
    for _ in range(_BOXES):
        header = read(at, min(_HEADER, size - at))
        if len(header) < 8:
            break
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if header[4:8] == b"moov" and media_at is not None:
            media = min(media_at + _HEADER, at)
            return [(0, media), (at, size), (media, at)]
        if header[4:8] == b"mdat" and media_at is None:
            media_at = at
        if length < 8 or header[4:8] == b"moov" or at + length >= size:
            break
        at += length
    return [(0, size)]


class Parts:
    """What is left to send of a file of `size` bytes."""

    def __init__(self, size: int, order: list[Range]) -> None:
        self.size = size
        self.interrupted = False
        """Whether a part may have arrived without our knowing, so that the server must be asked."""
        self._left = order

    @property
    def next(self) -> Range | None:
        """The part to send now; None when all is sent."""
        return self._left[0] if self._left else None

    @property
    def sent(self) -> int:
        """Bytes that the server is known to hold."""
        return self.size - sum(stop - start for start, stop in self._left)

    def question(self) -> dict[str, str]:
        """Headers of the request that asks what has arrived."""
        return {"Content-Range": f"bytes */{self.size}"}

    def headers(self, part: Range, content_type: str) -> dict[str, str]:
        """Headers of the request that carries a part: no key, as the URL itself is the permission."""
        start, stop = part
        return {
            "Content-Type": content_type,
            # With a length httpx sends the bytes plainly, not chunked, and the server can refuse early.
            "Content-Length": str(stop - start),
            "Content-Range": f"bytes {start}-{stop - 1}/{self.size}",
        }

    def answered(self, part: Range | None, status: int, headers: Mapping[str, str]) -> bool:
        """Note an answer, to a part or (None) to the question; False when it is an error to be raised.

        Raises:
            PlayheadConnectionError: bytes are missing that the server had told to hold.
        """
        if status not in (200, 308):
            return False
        self.interrupted = False
        if status == 200:
            self._left = []
            return True
        found = _RANGE.fullmatch(headers.get("Range", ""))
        held = int(found[1]) + 1 if found else 0
        if part is not None and part[0] > held:
            # Behind a gap: taken, though Range cannot say so.
            self._left.remove(part)
        self._left = [(max(start, held), stop) for start, stop in self._left if stop > held]
        if not self._left:
            self._left = [(held, self.size)]
            raise PlayheadConnectionError("The server lost a part of the file. Try again in a moment.")
        return True

"""A source judged by its index before the file is whole: its first bytes were overheard on their way to the store.

It is of use only to the file that begins with those very bytes, whoever sent what in between.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from playhead.media.mp4 import Movie, read_movie
from playhead.media.sparse import AtHand, SparseBytes
from playhead.media.window import Bytes
from playhead.packaging import Limits
from playhead.packaging.source import SourceView, view


@dataclass(frozen=True)
class Overheard:
    """What the first `length` bytes of a file of `size` bytes say of it."""

    movie: Movie
    view: SourceView
    length: int
    digest: bytes
    """Their SHA-256."""

    async def is_of(self, source: Bytes) -> bool:
        """Whether a file begins with those bytes.

        Raises:
            PlayheadError: what `source.read` raises.
        """
        if source.size != self.movie.size:
            return False
        head = await source.read(0, self.length)
        return await asyncio.to_thread(lambda: sha256(head).digest()) == self.digest


async def judge_head(head: bytes, size: int, limits: Limits) -> Overheard:
    """Judge a file of `size` bytes by its first ones, which hold its index.

    Raises:
        PlayheadError: as `read_movie`, also where what is missing is needed.
    """

    def judge() -> Overheard:
        movie = asyncio.run(read_movie(AtHand(SparseBytes(size, {0: head}))))
        return Overheard(movie, view(movie, limits), len(head), sha256(head).digest())

    # A thread of its own: what is being uploaded meanwhile must go on.
    return await asyncio.to_thread(judge)

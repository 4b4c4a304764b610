"""What an MP4's own index says before ffmpeg is asked: reasons to refuse the file, known at once and by name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, Track, read_movie
from playhead.model.errors import PlayheadError
from playhead.processing.geometry import check_track

_ENCRYPTED = frozenset({"encv", "enca", "drmi", "drms"})
"""Sample entries of protected tracks: Common Encryption's, and those of an old shop."""
_OURS_ALONE = frozenset({"corrupt_file", "unsupported_format"})
"""What our reader may say of a file that ffmpeg can still make sense of."""


@dataclass(frozen=True)
class OwnIndex:
    """A file's own index, as far as there is one that we can read."""

    movie: Movie | None = None
    damage: PlayheadError | None = None
    """Why it could not be read. ffmpeg may be able to; if not, this is the better name for it."""

    def track(self, number: int | None) -> Track | None:
        """The track of that number."""
        if self.movie is None:
            return None
        return next((track for track in self.movie.tracks if track.id == number), None)


async def read_own_index(path: Path) -> OwnIndex:
    """Read the index of an MP4 or MOV, and refuse what it alone shows cannot become a video.

    Raises:
        PlayheadError: `corrupt_file` when it points past the file's end, which was cut off; `encrypted_file`,
            `reference_refused`, `limit_dimensions`, `limit_streams`, `resource_limit`.
    """
    try:
        # A thread of its own: a hostile index takes seconds to read, and the worker's heart must go on.
        movie = await asyncio.to_thread(lambda: asyncio.run(read_movie(LocalBytes(path))))
    except PlayheadError as error:
        if error.code not in _OURS_ALONE:
            raise
        return OwnIndex(damage=error)
    check_index(movie)
    return OwnIndex(movie)


def check_index(movie: Movie) -> None:
    """Refuse what an index alone shows cannot become a video.

    Raises:
        PlayheadError: `corrupt_file` when it points past the file's end, `encrypted_file`, `limit_dimensions`.
    """
    if any(
        entry[4:8].decode("latin-1") in _ENCRYPTED for track in movie.tracks for entry in track.sample_entries
    ):
        raise PlayheadError("encrypted_file")
    # A fragmented file may end after any fragment; one with a single index was written as a whole.
    if not movie.fragmented and not movie.complete:
        raise PlayheadError("corrupt_file", "The file ends before its own index says: its end is missing.")
    for track in movie.of_kind("video"):
        check_track(track)

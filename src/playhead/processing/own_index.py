"""What an MP4's own index says before ffmpeg is asked: reasons to refuse the file, known at once and by name.

It also lists the packets, which takes ffprobe seconds for a long film, since that reads all the media. What is
listed so is held against ffprobe's word for the packets at both ends of the film.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from pathlib import Path

from playhead.media.ffmpeg.probe import Packets
from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, Track, read_movie
from playhead.media.mp4.samples import EXPANDED_LIMIT
from playhead.model.errors import PlayheadError
from playhead.processing.geometry import check_track

_ENCRYPTED = frozenset({"encv", "enca", "drmi", "drms"})
"""Sample entries of protected tracks: Common Encryption's, and those of an old shop."""
_OURS_ALONE = frozenset({"corrupt_file", "unsupported_format"})
"""What our reader may say of a file that ffmpeg can still make sense of."""
SEEN_AT_ONCE = 64
"""Packets that ffprobe is asked for at the beginning."""
LAST_LOOK_SECONDS = 1
"""How far before the last frame it is asked for those of the end."""


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

    def sound(self, stream: int, tick: Fraction) -> Track | None:
        """The sound that ffmpeg calls by that number, as it numbers tracks in file order."""
        if self.movie is None or stream >= len(self.movie.tracks):
            return None
        track = self.movie.tracks[stream]
        plain = track.kind == "audio" and track.samples.count and Fraction(1, track.timescale) == tick
        return track if plain and len(track.spans) == 1 and not track.rate_changed else None


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


def packets_of(track: Track) -> Packets | None:
    """All packets of a track as ffprobe lists them; None where an edit list hides or moves some of them."""
    samples, count = track.samples, track.samples.count
    if not count or len(track.spans) != 1 or track.rate_changed:
        return None
    if not track.spans[0].start <= track.shown_times[0] <= track.shown_times[-1] < track.presentation_end:
        return None
    keys = [samples.sync is None] * count
    for number in samples.sync or ():
        keys[number] = True
    return Packets(
        pts=tuple(track.presentation_times),
        durations=tuple(samples.durations.expanded()),
        keys=tuple(keys),
        shown=tuple(repeat(True, count)),
    )


def ends_of(track: Track) -> str:
    """Which packets ffprobe is asked for, in its words: those at the beginning, and the last ones."""
    asked = f"%+#{SEEN_AT_ONCE}"
    if track.samples.count <= SEEN_AT_ONCE:
        return asked
    return f"{asked},{track.shown_times[-1] / track.timescale - LAST_LOOK_SECONDS:.6f}%"


def agree(listed: Packets, seen: Packets) -> bool:
    """Whether `seen`, packets from the beginning and from somewhere later, are those of `listed`."""
    begins = min(len(seen.pts), len(listed.pts), SEEN_AT_ONCE)
    keys = dict(zip(listed.pts, listed.keys, strict=True))
    return (
        begins > 0
        and len(keys) == len(listed.pts)
        and seen.pts[:begins] == listed.pts[:begins]
        and all(seen.shown)
        and all(keys.get(time) is key for time, key in zip(seen.pts, seen.keys, strict=True))
        and (len(listed.pts) <= SEEN_AT_ONCE or max(time or 0 for time in seen.pts) == max(keys, key=_known))
    )


def sound_end(track: Track) -> float:
    """When the last packet of a sound that is heard ends, in seconds of the source's clock."""
    end = track.presentation_end
    if track.samples.rising and track.samples.count <= EXPANDED_LIMIT:
        times = track.presentation_times
        after = bisect_left(times, end)
        end = times[after] if after < len(times) else times[-1] + track.samples.last_duration
    return end / track.timescale


def _known(time: int | None) -> int:
    return 0 if time is None else time

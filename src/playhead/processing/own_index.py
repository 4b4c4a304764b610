"""What a file's own index says before ffmpeg is asked: reasons to refuse it, known at once and by name.

It also lists the packets, which takes ffprobe seconds for a long film, since that reads all the media. What is
listed so is held against ffprobe's word for the packets at both ends of the film.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress
from pathlib import Path
from typing import Any

import structlog

from playhead.media.avi import AviIndex, Stream, read_avi
from playhead.media.ffmpeg.probe import Packets
from playhead.media.local import HeldBytes
from playhead.media.matroska import Frames, read_beginning, read_matroska
from playhead.media.mp4 import Movie, Track, read_movie, with_keyframes_checked
from playhead.media.mp4.samples import EXPANDED_LIMIT
from playhead.model.errors import PlayheadError
from playhead.processing.apart import SLIPS, apart
from playhead.processing.geometry import check_track

_log = structlog.get_logger()

_ENCRYPTED = frozenset({"encv", "enca", "drmi", "drms"})
"""Sample entries of protected tracks: Common Encryption's, and those of an old shop."""
_OURS_ALONE = frozenset({"corrupt_file", "unsupported_format"})
"""What our reader may say of a file that ffmpeg can still make sense of."""
_LISTING = frozenset({"matroska", "webm", "avi"})
"""Containers whose frames we list one by one: what is too much for us to list may not be for ffmpeg."""
PATIENCE_SECONDS = 20
BYTES_A_SECOND = 32 << 20
"""How long an index is read: so long, and longer by a second for so many bytes of the file."""
BEGINNING_PATIENCE_SECONDS = 1.0
"""The same of a file's first seconds."""
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
    frames: tuple[Frames, ...] = ()
    """Where its container has no table of them: what the file itself says of each track's frames."""
    tick: Fraction = Fraction(1, 1000)
    """Seconds per tick of their times."""
    avi: AviIndex | None = None
    """Where frames are shown at their numbers: how many each stream has."""

    def track(self, number: int | None) -> Track | None:
        """The track of that number."""
        if self.movie is None:
            return None
        return next((track for track in self.movie.tracks if track.id == number), None)

    def film_packets(self, stream: int, number: int | None, tick: Fraction) -> tuple[Packets, str] | None:
        """All packets of a film, and which of them ffprobe is to confirm, in its words; None when unsure.

        `stream` is ffmpeg's number for it, `number` the container's own, `tick` the unit of the times wanted.
        """
        if self.frames:
            if stream >= len(self.frames) or tick != self.tick or not all(self.frames[stream].told):
                return None
            listed = _told(self.frames[stream])
            last = max(self.frames[stream].times, default=0)
            return listed, _ends(len(listed.pts), float(last * tick))
        if self.avi is not None:
            return _numbered(self.avi, stream, tick)
        track = self.track(number)
        # Of a file that is cut off it lists what is not there: ffmpeg lists what is.
        complete = self.movie is not None and self.movie.complete
        if track is None or not complete or Fraction(1, track.timescale) != tick:
            return None
        found = listed_packets(track)
        return None if found is None else (found, ends_of(track))

    def sound_claim(self, stream: int, tick: Fraction) -> tuple[float, str] | None:
        """When a sound seems to end, and which packets of it ffprobe is to confirm that by, in its words.

        Of sounds whose chunks a parser takes apart: what their sizes say may not be what comes out.
        """
        told = None if self.avi is None else _of(self.avi, stream, "audio", tick)
        if told is None or told.lasts <= 0:
            return None
        end = float(told.lasts * tick)
        return end, _last_look(end)

    def sound_end(self, stream: int, tick: Fraction) -> float | None:
        """When the last packet of a sound ends, in seconds of the source's clock; None when that is not known.

        ffmpeg numbers tracks in file order.
        """
        track = None
        if self.movie is not None and stream < len(self.movie.tracks):
            track = self.movie.tracks[stream]
        if track is None or track.kind != "audio" or not track.samples.count:
            return None
        plain = len(track.spans) == 1 and not track.rate_changed
        return last_heard(track) if plain and (self.frames or Fraction(1, track.timescale) == tick) else None


async def read_own_index(path: Path, container: str | None = "mp4") -> OwnIndex:
    """Read the index of an MP4, MOV, Matroska, WebM or AVI, and refuse what it alone shows cannot become a video.

    Other containers have none that is read here. An index that takes too long, or that our reader stumbles over,
    is left to ffmpeg.

    Raises:
        PlayheadError: `corrupt_file` when it points past the file's end, which was cut off; `encrypted_file`,
            `reference_refused`, `limit_dimensions`, `limit_streams`, `resource_limit`.
    """
    reader = _READERS.get(container or "")
    if reader is None:
        return OwnIndex()
    source = await asyncio.to_thread(HeldBytes, path)
    try:
        # A thread of its own: a hostile index takes seconds to read, and the worker's heart must go on.
        found = await apart(PATIENCE_SECONDS + source.size / BYTES_A_SECOND, lambda: reader(source))
    except PlayheadError as error:
        if error.code not in _OURS_ALONE and not (error.code == "resource_limit" and container in _LISTING):
            raise
        return OwnIndex(damage=error)
    except TimeoutError:
        _log.warning("an index takes too long to read", container=container, size=source.size)
        return OwnIndex(damage=PlayheadError("resource_limit", "The file's index takes too long to read."))
    except SLIPS:
        _log.warning("an index made its reader stumble", container=container, exc_info=True)
        return OwnIndex(damage=PlayheadError("corrupt_file", "The file's index makes no sense."))
    if reader is _read and found.movie is not None:
        check_index(found.movie)
    return found


async def read_first_seconds(path: Path, seconds: float) -> OwnIndex:
    """The index of the first seconds of a Matroska or WebM file, which takes no time; none where it does."""
    source = await asyncio.to_thread(HeldBytes, path)
    try:
        found = await apart(BEGINNING_PATIENCE_SECONDS, lambda: read_beginning(source, seconds))
    except (PlayheadError, TimeoutError, *SLIPS):
        return OwnIndex()  # the whole of it will tell why
    return OwnIndex(frames=found.frames, tick=Fraction(found.tick_nanoseconds, 10**9))


async def _read(source: HeldBytes) -> OwnIndex:
    return OwnIndex(await with_keyframes_checked(await read_movie(source), source))


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


async def _walked(source: HeldBytes) -> OwnIndex:
    index = await read_matroska(source)
    movie = await with_keyframes_checked(index.judged, source)
    return OwnIndex(movie, frames=index.frames, tick=Fraction(index.tick_nanoseconds, 10**9))


async def _counted(source: HeldBytes) -> OwnIndex:
    return OwnIndex(avi=await read_avi(source))


_READERS: dict[str, Callable[[HeldBytes], Coroutine[Any, Any, OwnIndex]]] = {
    "mp4": _read,
    "mov": _read,
    "matroska": _walked,
    "webm": _walked,
    "avi": _counted,
}


def _of(index: AviIndex, stream: int, kind: str, tick: Fraction) -> Stream | None:
    """A stream of an AVI, if it is what ffmpeg takes it for."""
    told = index.streams[stream] if stream < len(index.streams) else None
    return told if told is not None and told.kind == kind and told.tick == tick else None


def _numbered(index: AviIndex, stream: int, tick: Fraction) -> tuple[Packets, str] | None:
    """The packets of a film whose times are their numbers; that they are is looked at in its middle as well."""
    told = _of(index, stream, "video", tick)
    times = () if told is None else tuple(told.times)
    if told is None or len(times) <= 3 * SEEN_AT_ONCE:
        return None
    listed = Packets(
        pts=times,
        durations=(1,) * len(times),
        keys=tuple(told.shown_keys),
        shown=(True,) * len(times),
    )
    first, middle, last = f"%+#{SEEN_AT_ONCE}", times[len(times) // 2], times[-1]
    return (
        listed,
        f"{first},{float(middle * tick):.6f}{first},{_last_look(float(last * tick))}",
    )


def _told(frames: Frames) -> Packets:
    return Packets(
        pts=tuple(frames.times),
        durations=(frames.last_duration,) * len(frames.times),
        keys=tuple(map(bool, frames.keys)),
        shown=(True,) * len(frames.times),
    )


def listed_packets(track: Track) -> Packets | None:
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
        shown=(True,) * count,
    )


def ends_of(track: Track) -> str:
    """Which packets ffprobe is asked for, in its words: those at the beginning, and the last ones."""
    return _ends(track.samples.count, track.shown_times[-1] / track.timescale)


def _ends(count: int, last: float) -> str:
    asked = f"%+#{SEEN_AT_ONCE}"
    return asked if count <= SEEN_AT_ONCE else f"{asked},{_last_look(last)}"


def _last_look(last: float) -> str:
    """Those of the end, where `last` is the time of the last one in seconds."""
    return f"{max(0.0, last - LAST_LOOK_SECONDS):.6f}%"


def agree(listed: Packets, seen: Packets) -> bool:
    """Whether `seen`, packets from the beginning and from somewhere later, are those of `listed`."""
    begins = min(len(seen.pts), len(listed.pts), SEEN_AT_ONCE)
    wanted = set(seen.pts)
    found = list(compress(zip(listed.pts, listed.keys, strict=True), map(wanted.__contains__, listed.pts)))
    keys = dict(found)
    return (
        begins > 0
        and len(keys) == len(found)
        and seen.pts[:begins] == listed.pts[:begins]
        and all(seen.shown)
        and all(keys.get(time) is key for time, key in zip(seen.pts, seen.keys, strict=True))
        and (len(listed.pts) <= SEEN_AT_ONCE or _latest(seen) == _latest(listed))
    )


def last_heard(track: Track) -> float:
    """When the last packet of a sound that is heard ends, in seconds of the source's clock."""
    end = track.presentation_end
    cut_short = track.spans[-1].media_stop < track.media_end
    if cut_short and track.samples.rising and track.samples.count <= EXPANDED_LIMIT:
        times = track.presentation_times
        after = bisect_left(times, end)
        end = times[after] if after < len(times) else times[-1] + track.samples.last_duration
    return end / track.timescale


def _latest(packets: Packets) -> int | None:
    return max([time for time in packets.pts if time is not None], default=None)

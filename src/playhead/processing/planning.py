"""From a source and a request to the plan. Pure: the same input gives the same plan, on every machine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import sub

import msgspec

from playhead.media.ffmpeg.encode import encoded_rate
from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.model.media import MediaInfo
from playhead.model.plan import TIMESCALE, Chunk, Plan
from playhead.processing import picture, waveform
from playhead.processing.ladder import ladder
from playhead.processing.sounds import other_sounds, sound_seconds
from playhead.processing.timeline import MAX_RATE, Timeline, rounded, rounded_from
from playhead.processing.waveform import VERSION

GOP_SECONDS = 2
"""Distance of the grid: one closed GOP, the unit at which players switch renditions."""
CHUNK_SECONDS = (2, 4)
"""Length of the first chunks, so that something is finished soon; later ones are `STEADY_CHUNK_SECONDS`."""
STEADY_CHUNK_SECONDS = 8
"""Long enough that starting an encoder does not count, short enough to make one while a viewer waits."""
LONGEST_LEAD_SECONDS = Fraction(1, 2)
UNSEEKABLE_CHUNKS = 4
"""How many chunks a source is cut into when each must decode it from the beginning."""
POSTER_SHARE = Fraction(1, 10)
POSTER_LATEST_SECONDS = 10


@dataclass(frozen=True)
class Servable:
    """What of a source players can be given as it is."""

    reasons: tuple[str, ...]
    """Why its pictures cannot; none when they can."""
    cuts: tuple[int, ...] = ()
    """Where its own key frames allow segments to begin, in ticks of the plan; empty when its pictures cannot."""
    sound: bool = False


NOTHING_SERVABLE = Servable(reasons=("not an MP4",))


def plan(
    info: MediaInfo,
    timeline: Timeline,
    resolutions: Sequence[str],
    thumbnail_seconds: Sequence[float],
    servable: Servable = NOTHING_SERVABLE,
    loudness: str = Loudness.SOURCE,
) -> Plan:
    """Plan what to make of a source.

    `timeline` is that of the source's video track; `thumbnail_seconds` are clamped into it. Segments begin
    where a servable source allows it, so that players can change between the source and what is encoded.

    Raises:
        PlayheadError: `no_frames` when there is no frame to show.
    """
    if timeline.count == 0:
        raise PlayheadError("no_frames")
    normalised = loudness == Loudness.NORMALISED and info.audio is not None
    if normalised:
        servable = replace(servable, sound=False)
    if info.video is None:
        alone = waveform.plan(info, timeline, resolutions, thumbnail_seconds)
        return msgspec.structs.replace(alone, sound_from_source=servable.sound, normalised=normalised)
    keeps_times = timeline.usable and timeline.rate <= MAX_RATE * Fraction(11, 10)
    rate = timeline.rate if keeps_times else min(timeline.rate, Fraction(MAX_RATE))
    if not keeps_times and not servable.reasons:
        servable = replace(servable, reasons=("more than 60 frames a second",), cuts=())
    chunks = tuple(_kept(timeline, servable.cuts) if keeps_times else _constant(timeline, rate))
    duration = chunks[-1].end
    last_frame = max(0.0, float(Fraction(duration, TIMESCALE) - 1 / rate))
    return Plan(
        version=VERSION,
        timing="source" if keeps_times else "constant" if timeline.clocked else "numbered",
        frame_rate=(rate.numerator, rate.denominator),
        origin_seconds=float(timeline.begin * timeline.tick),
        origin_ticks=timeline.begin,
        duration=duration,
        chunks=chunks,
        segments=servable.cuts or tuple(time for chunk in chunks for time in chunk.grid),
        lead=_lead(timeline, rate, keeps_times=keeps_times),
        source_reasons=servable.reasons,
        sound_from_source=servable.sound,
        normalised=normalised,
        renditions=ladder(info.video.width, info.video.height, rate, resolutions),
        poster_seconds=min(float(POSTER_SHARE * duration / TIMESCALE), POSTER_LATEST_SECONDS, last_frame),
        thumbnail_seconds=tuple(min(max(0.0, at), last_frame) for at in thumbnail_seconds),
        audio=info.audio.index if info.audio else None,
        sound_seconds=sound_seconds(info.audio, timeline),
        sample_rate=encoded_rate(info.audio.sample_rate) if info.audio else None,
        other_sounds=() if servable.sound else other_sounds(info, timeline),
        color_matrix=picture.matrix(info.video),
        color=picture.conversion(info.video),
        crop=info.video.aperture,
        over_black=picture.see_through(info.video),
        decoder=picture.decoder(info.video),
        deinterlace=info.video.interlaced,
        trusted_timestamps=timeline.usable,
    )


def _lengths() -> Iterator[int]:
    yield from CHUNK_SECONDS
    while True:
        yield STEADY_CHUNK_SECONDS


def _lead(timeline: Timeline, rate: Fraction, *, keeps_times: bool) -> int:
    """Two frames: what the encoder reorders over. Of uneven frames the longest count, within reason."""
    longest = 1 / rate
    if keeps_times and len(timeline.times) > 1:
        longest = max(map(sub, timeline.times[1:], timeline.times)) * timeline.tick
    return min(round(2 * longest * TIMESCALE), round(LONGEST_LEAD_SECONDS * TIMESCALE))


def _kept(timeline: Timeline, cuts: Sequence[int]) -> Iterator[Chunk]:
    """Cut at the source's own frames: each GOP starts at the first frame at or after its time on the grid."""
    times = rounded_from(timeline.begin, timeline.times, timeline.tick)
    times[0] = 0  # the first picture is shown from the beginning, even while only sound has begun
    end = max(rounded(timeline.end - timeline.begin, timeline.tick), times[-1] + 1)
    starts = _gop_starts(times, cuts)
    for number, (begin, stop, grid) in enumerate(_grouped(starts, times, len(times))):
        key = timeline.key_before(timeline.times[begin])
        yield Chunk(
            number=number,
            start=times[begin],
            end=times[stop] if stop < len(times) else end,
            source_start=timeline.times[begin],
            source_end=timeline.times[stop] if stop < len(times) else None,
            seek_seconds=None if key is None else float(key * timeline.tick),
            frames=stop - begin,
            grid=tuple(times[index] for index in grid),
        )


def _gop_starts(times: Sequence[int], cuts: Sequence[int]) -> list[int]:
    """Frames that start a GOP: at each cut, and about every `GOP_SECONDS` where cuts lie further apart."""
    slack, step = TIMESCALE // 1000, GOP_SECONDS * TIMESCALE
    starts = [0]
    for cut in [*cuts[1:], times[-1] + step]:
        from_time = times[starts[-1]]
        # On one grid with no cuts: 2, 4, 6 seconds, whatever the frames in between.
        target = (from_time + slack) // step * step + step if not cuts else from_time + step
        while target < cut - step // 2:
            index = bisect_left(times, target - slack)
            if index < len(times) and index > starts[-1]:
                starts.append(index)
            target += step
        index = bisect_left(times, cut - slack)
        if starts[-1] < index < len(times):
            starts.append(index)
    return starts


def _constant(timeline: Timeline, rate: Fraction) -> Iterator[Chunk]:
    """Cut a timeline of equal frames; `source_start` and `source_end` are frame numbers."""
    count = max(1, round(timeline.duration_seconds * rate))
    times = [round(number * TIMESCALE / rate) for number in range(count + 1)]
    step = max(1, round(GOP_SECONDS * rate))
    starts = list(range(0, count, step))
    seekable = timeline.usable
    groups = _grouped(starts, times, count) if seekable else _even_groups(starts, count)
    for number, (begin, stop, grid) in enumerate(groups):
        seek = None
        if seekable:
            at = timeline.begin + int(begin / rate / timeline.tick)
            key = timeline.key_before(at)
            seek = None if key is None else float(key * timeline.tick)
        yield Chunk(
            number=number,
            start=times[begin],
            end=times[stop],
            source_start=begin,
            source_end=stop if stop < count else None,
            seek_seconds=seek,
            frames=stop - begin if seekable else None,
            grid=tuple(times[index] for index in grid),
        )


def _grouped(starts: list[int], times: list[int], count: int) -> Iterator[tuple[int, int, list[int]]]:
    """Group GOP starts into chunks of growing length: (first frame, frame after the last, GOP starts)."""
    lengths = _lengths()
    group: list[int] = []
    limit = next(lengths) * TIMESCALE
    for index in starts:
        if group and times[index] - times[group[0]] >= limit - TIMESCALE // 2:
            yield group[0], index, group
            group, limit = [], next(lengths) * TIMESCALE
        group.append(index)
    yield group[0], count, group


def _even_groups(starts: list[int], count: int) -> Iterator[tuple[int, int, list[int]]]:
    size = -(-len(starts) // UNSEEKABLE_CHUNKS)
    for position in range(0, len(starts), size):
        group = starts[position : position + size]
        following = starts[position + size] if position + size < len(starts) else count
        yield group[0], following, group

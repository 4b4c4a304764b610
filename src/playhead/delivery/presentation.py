"""What players can be shown of a video at this moment: which tracks, cut where, stored as what.

A track is the source itself where that is fit, a finished rendition, or one that is still growing piece by
piece. All are cut at the same moments, so a player may change between them at any segment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial

from playhead.delivery.shelf import Shelf
from playhead.media.mp4 import codec_string
from playhead.model import languages
from playhead.model.plan import AUDIO, TIMESCALE, Chunk, Plan, PlannedRendition, sound_track
from playhead.model.states import Status
from playhead.model.urls import version
from playhead.packaging import Lane, Rates, Segment, cut, rates
from playhead.packaging.source import SourceView, segments_on_clock
from playhead.records.database import Row
from playhead.records.playing import Playing

SOURCE = "source"
"""The name of the source's own pictures among the tracks."""
SOUND_SECONDS = 4
"""Length of the segments of sound that goes on after the last cut."""
SLACK = TIMESCALE // 1000
"""Ticks by which a key frame may be early, and within which two moments are one."""


@dataclass(frozen=True)
class Whole:
    """A track all of whose samples are stored in one object."""

    name: str
    key: str
    lane: Lane
    segments: list[Segment]
    """Their times are in ticks of `timescale`."""

    @property
    def timescale(self) -> int:
        """Ticks a second of what players are told."""
        return self.lane.timescale

    @property
    def codec(self) -> str:
        """The RFC 6381 name of what it is encoded with."""
        return codec_string(self.lane.entries[0])

    @cached_property
    def rates(self) -> Rates:
        """Its bit rates."""
        return rates(self.segments, self.timescale)

    def durations(self) -> list[Fraction]:
        """The length of each segment, in seconds."""
        lengths = [each.duration for each in self.segments]
        # A film has a handful of different ones.
        seconds = {length: Fraction(length, self.timescale) for length in set(lengths)}
        return [seconds[length] for length in lengths]


@dataclass(frozen=True)
class Pictures(Whole):
    """Pictures: the source's or a finished rendition's."""

    width: int
    height: int

    @property
    def timescale(self) -> int:
        """One for all pictures, also where those of a source are stored by another: see `on_clock`."""
        return TIMESCALE

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second."""
        lane = self.lane
        return Fraction(len(lane.times) * lane.timescale, max(1, lane.end - lane.begin))

    @cached_property
    def keyframe_rates(self) -> Rates:
        """The bit rates of the first frame of each segment alone."""
        sizes = self.lane.sizes(0, len(self.lane.times))
        return rates([each._replace(size=sizes[each.first]) for each in self.segments], self.timescale)


@dataclass(frozen=True)
class Sound(Whole):
    """One sound."""

    language: str
    """ISO 639-2/T."""

    def durations(self) -> list[Fraction]:
        """The length of each segment on the media clock, in seconds.

        The first one's counts the packets that prime the decoder. So every segment's decode time is the sum of
        the lengths before it, which Shaka Player moves sound to: by any difference it would be early.
        """
        lengths = super().durations()
        if lengths:
            lengths[0] += Fraction(self.lane.lead, self.timescale)
        return lengths


@dataclass(frozen=True)
class Growing:
    """A track that is being encoded; segments that are not made yet can be asked for."""

    planned: PlannedRendition
    plan: Plan
    timescale: int = TIMESCALE

    @property
    def name(self) -> str:
        """The track's name."""
        return self.planned.track

    @property
    def codec(self) -> str:
        """What the plan makes the encoder say in its headers (RFC 6381, ISO/IEC 14496-15 annex E)."""
        profile = {"main": "4d40", "high": "6400"}[self.planned.profile]
        whole, _, tenth = self.planned.level.partition(".")
        return f"avc1.{profile}{int(whole) * 10 + int(tenth):02x}"

    @property
    def width(self) -> int:
        """In pixels."""
        return self.planned.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.planned.height

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(*self.plan.frame_rate)

    @property
    def rates(self) -> Rates:
        """Not known before it is made: what the encoder may reach at most, and what it usually does."""
        return Rates(self.planned.max_bit_rate, self.planned.max_bit_rate // 2)

    @property
    def segments(self) -> list[Segment]:
        """When its segments will be shown; which samples they will have is not known yet."""
        return [Segment(0, 0, start, end - start, 0) for start, end in self._extents()]

    def durations(self) -> list[Fraction]:
        """The length of each segment, in seconds."""
        return [Fraction(end - start, TIMESCALE) for start, end in self._extents()]

    def chunks_of(self, number: int) -> Sequence[Chunk]:
        """The chunks that a segment takes its frames from: mostly one, several where key frames are far apart."""
        chunks, segments = self.plan.chunks, self.plan.segments
        starts = [chunk.start for chunk in chunks]
        end = segments[number + 1] if number + 1 < len(segments) else self.plan.duration
        first = bisect_right(starts, segments[number] + SLACK) - 1
        return chunks[first : bisect_left(starts, end - SLACK)]

    def _extents(self) -> list[tuple[int, int]]:
        starts = self.plan.segments
        return list(zip(starts, [*starts[1:], self.plan.duration], strict=True))


@dataclass(frozen=True)
class Due:
    """A sound that is not encoded yet."""

    name: str
    language: str


@dataclass(frozen=True)
class Text:
    """Captions in one language."""

    language: str
    """Their tag, which is also their name."""
    title: str
    """What a menu calls them."""
    version: str
    """Of their bytes: what stands behind `?v=` in their URL."""


Track = Pictures | Sound | Growing


@dataclass(frozen=True)
class Presentation:
    """Everything a player may choose from, best pictures first."""

    pictures: tuple[Pictures | Growing, ...]
    """Those that are told to players; none where there is only sound."""
    behind: tuple[Growing, ...]
    """Every track under way, told or not: a player may still hold a playlist of one."""
    sounds: tuple[Sound, ...]
    """The first is the one that is heard unless another is chosen."""
    sounds_due: tuple[Due, ...]
    """Those that are not encoded yet, and will be."""
    texts: tuple[Text, ...]
    settled: bool
    """Whether the video is planned: from then on no URL ever leads to other bytes."""
    final: bool
    """Whether nothing will be added any more."""

    @property
    def duration(self) -> Fraction:
        """Until the last picture and the last sound, in seconds."""
        ends = [Fraction(each.lane.end, each.lane.timescale) for each in self.sounds]
        for first in self.pictures[:1]:
            last = first.segments[-1]
            ends.append(Fraction(last.start + last.duration, first.timescale))
        return max(ends, default=Fraction(0))

    def track(self, name: str) -> Track | None:
        """The track of that name, sounds included."""
        all_tracks: tuple[Track, ...] = (*self.pictures, *self.behind, *self.sounds)
        return next((track for track in all_tracks if track.name == name), None)


async def present(playing: Playing, plan: Plan | None, shelf: Shelf) -> Presentation | None:
    """What can be shown now; None when nothing can be yet, because the source must be planned first."""
    source = None
    if plan is None and not playing.sound_as_it_is:
        return None
    if plan is None or not plan.source_reasons or plan.sound_from_source:
        source = await shelf.source(
            playing.source_key, playing.source_size, judged=plan is not None, index_key=playing.index_key
        )
    if plan is None and (source is None or source.video is None or not (source.sounds or source.silent)):
        return None
    cuts = plan.segments if plan is not None else source.cuts if source is not None else ()
    pictures: list[Pictures | Growing] = []
    if source is not None and source.video is not None and (plan is None or not plan.source_reasons):
        pictures.append(await _source(shelf, playing.source_key, source.video, cuts))
    growing: tuple[Growing, ...] = ()
    if plan is not None and not plan.drawn:
        pictures += await _finished(playing, plan, shelf)
        growing = _growing(playing, plan)
        # While there is nothing else: the smallest, which is soonest made for a viewer who waits.
        pictures += growing[-1:] if not pictures else ()
    if not pictures and not (plan is not None and plan.drawn):
        return None
    sounds = await _sounds(playing, plan, shelf, source, cuts)
    return Presentation(
        pictures=tuple(pictures),
        behind=growing,
        sounds=tuple(each for each in sounds if isinstance(each, Sound)),
        sounds_due=tuple(each for each in sounds if isinstance(each, Due)),
        texts=tuple(
            Text(
                row["language"],
                row["title"] or languages.named(row["language"], "Captions"),
                version(row["key"]),
            )
            for row in playing.captions
        ),
        settled=plan is not None,
        final=playing.ready,
    )


def source_pictures(key: str, lane: Lane, segments: list[Segment]) -> Pictures:
    """The source's own pictures; the segments' times are in ticks of a plan."""
    width, height = (int.from_bytes(lane.entries[0][at : at + 2], "big") for at in (32, 34))
    return Pictures(SOURCE, key, lane, segments, width, height)


async def _source(shelf: Shelf, key: str, lane: Lane, cuts: Sequence[int]) -> Pictures:
    def make() -> Pictures:
        return source_pictures(key, lane, segments_on_clock(cut(lane, cuts, TIMESCALE), lane, TIMESCALE))

    return await shelf.derived(("pictures", key), make)


async def _finished(playing: Playing, plan: Plan, shelf: Shelf) -> list[Pictures]:
    tracks: dict[str, Pictures] = {}
    for row in playing.renditions:
        if row["status"] == Status.READY and row["track"] not in tracks:
            lane = await shelf.video(row["key"], row["size_bytes"], plan.lead)
            make = partial(_rendition, row, lane, plan)
            tracks[row["track"]] = await shelf.derived(("pictures", row["key"]), make)
    return sorted(tracks.values(), key=lambda track: track.width * track.height, reverse=True)


def _rendition(row: Row, lane: Lane, plan: Plan) -> Pictures:
    segments = cut_on_keyframes(lane, plan.segments)
    return Pictures(row["track"], row["key"], lane, segments, row["width"], row["height"])


def _growing(playing: Playing, plan: Plan) -> tuple[Growing, ...]:
    """The tracks under way, largest first."""
    waiting = {row["track"] for row in playing.renditions if row["status"] == Status.PROCESSING}
    by_track = {each.track: each for each in plan.renditions if each.track in waiting}
    return tuple(Growing(planned, plan) for planned in by_track.values())


async def _sounds(
    playing: Playing, plan: Plan | None, shelf: Shelf, source: SourceView | None, cuts: Sequence[int]
) -> Sequence[Sound | Due]:
    """The sounds that go with all pictures; whose they are was settled by the plan."""
    if source is not None and (plan is None or plan.sound_from_source):
        key = playing.source_key
        return [
            await _sound(shelf, key, sound_track(number), lane, cuts, lane.language)
            for number, lane in enumerate(source.sounds)
        ]
    if plan is None or plan.audio is None:
        return []
    # A finished rendition holds the same packets, and outlives the first sound's own piece.
    finished = (row for row in playing.renditions if row["status"] == Status.READY)
    stored: dict[str, Row] = dict(playing.sounds)
    if (whole := next(finished, None)) is not None:
        stored[AUDIO] = whole
    languages = {AUDIO: playing.language, **{each.track: each.language for each in plan.other_sounds}}
    return [
        await _encoded(shelf, name, stored[name], cuts, language or "und")
        for name, language in languages.items()
        if name in stored
    ]


async def _encoded(shelf: Shelf, name: str, stored: Row, cuts: Sequence[int], language: str) -> Sound | Due:
    lane = await shelf.sound(stored["key"], stored["size_bytes"]) if stored["key"] else None
    if lane is None:
        return Due(name, language)
    return await _sound(shelf, stored["key"], name, lane, cuts, language)


async def _sound(shelf: Shelf, key: str, name: str, lane: Lane, cuts: Sequence[int], language: str) -> Sound:
    return await shelf.derived((name, key), lambda: Sound(name, key, lane, _sound_cut(lane, cuts), language))


def _sound_cut(lane: Lane, cuts: Sequence[int]) -> list[Segment]:
    """Sound that goes on when the pictures have ended is cut like them, evenly."""
    end = lane.end * TIMESCALE // lane.timescale
    step = SOUND_SECONDS * TIMESCALE
    more = range(cuts[-1] + step, end - step // 2, step)
    return cut(lane, [*cuts, *more], TIMESCALE)


def cut_on_keyframes(lane: Lane, planned: Sequence[int]) -> list[Segment]:
    """The segments of an encoded lane, each from the first key frame at or after its planned start.

    That is the planned start itself, but for what is encoded from a damaged source: frames that fill its
    gaps lie on a grid of their own, and at its end they may be missing. What has no key frame stays with
    the segment before it.
    """
    syncs = [lane.times[number] for number in lane.sync_numbers]
    starts: list[int] = []
    for begin, end in zip(planned, [*planned[1:], lane.end + 1], strict=True):
        at = bisect_left(syncs, begin - SLACK)
        if at == len(syncs) or (starts and not starts[-1] < syncs[at] < end - SLACK):
            break
        starts.append(syncs[at])
    return cut(lane, starts, lane.timescale)

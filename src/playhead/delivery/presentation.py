"""What players can be shown of a video at this moment: which tracks, cut where, stored as what.

A track is the source itself where that is fit, a finished rendition, or one that is still growing piece by
piece. All are cut at the same moments, so a player may change between them at any segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from playhead.delivery.shelf import Shelf
from playhead.delivery.tracks import (
    Due,
    Growing,
    GrowingSound,
    Pictures,
    Sound,
    Text,
    Track,
    cut_on_keyframes,
    growing_sound,
    sound_cut,
    source_pictures,
)
from playhead.model import languages
from playhead.model.plan import AUDIO, TIMESCALE, Plan, sound_track
from playhead.model.states import Status
from playhead.model.urls import version
from playhead.packaging import Lane, cut
from playhead.packaging.source import SourceView, segments_on_clock
from playhead.records.database import Row
from playhead.records.playing import Playing


@dataclass(frozen=True)
class Presentation:
    """Everything a player may choose from, best pictures first."""

    pictures: tuple[Pictures | Growing, ...]
    """Those that are told to players; none where there is only sound."""
    behind: tuple[Growing, ...]
    """Every track under way, told or not: a player may still hold a playlist of one."""
    sounds: tuple[Sound | GrowingSound, ...]
    """The first is the one that is heard unless another is chosen."""
    sounds_due: tuple[Due, ...]
    """Those of which nothing can be told before they are encoded."""
    texts: tuple[Text, ...]
    settled: bool
    """Whether the video is planned: from then on no URL ever leads to other bytes."""
    final: bool
    """Whether nothing will be added any more."""

    @property
    def duration(self) -> Fraction:
        """Until the last picture and the last sound, in seconds."""
        ends = [each.end for each in self.sounds]
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
    if (plan is None and not playing.sound_as_it_is) or (plan is not None and _is_mute(playing, plan)):
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
        pictures += _in_time(playing, growing, pictures)
    if not pictures and not (plan is not None and plan.drawn):
        return None
    sounds = await _sounds(playing, plan, shelf, source, cuts)
    return Presentation(
        pictures=tuple(pictures),
        behind=growing,
        sounds=tuple(each for each in sounds if not isinstance(each, Due)),
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


def _is_mute(playing: Playing, plan: Plan) -> bool:
    """Whether what was encoded of the sound is gone: it went with the last rendition, which held it."""
    encoded = plan.audio is not None and not plan.sound_from_source
    return encoded and playing.ready and not any(row["status"] == Status.READY for row in playing.renditions)


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
    return sorted(tracks.values(), key=_area, reverse=True)


def _rendition(row: Row, lane: Lane, plan: Plan) -> Pictures:
    segments = cut_on_keyframes(lane, plan.segments)
    return Pictures(row["track"], row["key"], lane, segments, row["width"], row["height"])


def _growing(playing: Playing, plan: Plan) -> tuple[Growing, ...]:
    """The tracks under way, largest first."""
    waiting = {row["track"] for row in playing.renditions if row["status"] == Status.PROCESSING}
    by_track = {each.track: each for each in plan.renditions if each.track in waiting}
    return tuple(Growing(planned, plan) for planned in by_track.values())


def _in_time(
    playing: Playing, growing: Sequence[Growing], beside: Sequence[Pictures | Growing]
) -> Sequence[Growing]:
    """Of the tracks under way the smallest, for a slow line: what it lacks is encoded faster than it is watched.

    Where there is something else to play, a player shall not begin with what has yet to be begun.
    """
    begun = {row["track"] for row in playing.renditions if row["begun"]}
    return [
        track
        for track in growing[-1:]
        if not beside or (track.name in begun and _area(track) < _area(beside[-1]))
    ]


def _area(track: Pictures | Growing) -> int:
    return track.width * track.height


async def _sounds(
    playing: Playing, plan: Plan | None, shelf: Shelf, source: SourceView | None, cuts: Sequence[int]
) -> Sequence[Sound | GrowingSound | Due]:
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
    sounds: list[Sound | GrowingSound | Due] = []
    for name, told in languages.items():
        if name not in stored:
            continue
        key, language = stored[name]["key"], told or "und"
        lane = await shelf.sound(key, stored[name]["size_bytes"]) if key else None
        if lane is not None:
            sounds.append(await _sound(shelf, key, name, lane, cuts, language))
            continue
        place = ("growing", name, playing.source_key, playing.generation)
        growing = await shelf.derived(place, partial(growing_sound, name, language, plan))
        sounds.append(growing if growing is not None and key is None else Due(name, language))
    return sounds


async def _sound(shelf: Shelf, key: str, name: str, lane: Lane, cuts: Sequence[int], language: str) -> Sound:
    return await shelf.derived((name, key), lambda: Sound(name, key, lane, sound_cut(lane, cuts), language))

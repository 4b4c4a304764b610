"""Walking through a Matroska file that is being uploaded: on from where the walk stands whenever more has arrived.

    walking = await begin(source, shelf.limits)         # once the description of the tracks is there
    await walking.on(source, held.prefix)               # reads what has arrived since, and nothing twice
    await walking.judge(source)                         # looks at its first key frames, once
    walking.presentation(key)                           # what is settled of it

Only what follows on each other from the beginning counts. Where the walk stands is kept on the shelf.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction

from playhead.delivery.presentation import Presentation
from playhead.delivery.tracks import Sound, source_pictures
from playhead.media.matroska.index import WINDOW, Head, read_head
from playhead.media.matroska.scan import Walk
from playhead.media.mp4 import FIRST_TWO, Movie, all_reset, with_keyframes_checked
from playhead.media.window import Bytes
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, sound_track
from playhead.packaging import Limits
from playhead.packaging.fitness import LONGEST_SECONDS
from playhead.packaging.growth import Grown, Growth

AT_ONCE = 64
"""Windows of the file, a mebibyte each, that one request reads at most: who asks again is led further."""
ELEMENTS_AT_ONCE = 200_000
"""Elements that one request looks at before it answers: a third of a second."""
ELEMENT_LIMIT = 8_000_000
"""Elements of a file that are looked at while it arrives: it is not film that has more."""


@dataclass
class Walking:
    """Where the walk through one upload stands."""

    head: Head
    walk: Walk
    growth: Growth
    at_end: bool = False
    """Whether all of the file has been walked through."""
    closed_gops: bool | None = None
    """Whether its first two key frames reset the decoder; not known before a segment is settled."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _made: tuple[tuple[Grown, ...], Presentation] | None = None

    @property
    def weight(self) -> int:
        """For how many samples it counts on the shelf."""
        return self.walk.frames

    async def on(self, source: Bytes, upto: int) -> None:
        """Go on through what has arrived, which is all before `upto`.

        Raises:
            PlayheadError: what `source.read` raises.
        """
        async with self._turn:
            elements = min(self.walk.elements + ELEMENTS_AT_ONCE, ELEMENT_LIMIT)
            for _ in range(AT_ONCE):
                before = self.walk.at
                if self.growth.over or self.at_end or before >= upto or self.walk.elements > elements:
                    break
                data = await source.read(before, min(WINDOW, upto - before))
                # A thread of its own: a hostile window takes some time.
                await asyncio.to_thread(self._take, data, before)
                if self.walk.at == before:
                    # Fewer bytes than a header has are there, or left.
                    self.at_end = before + len(data) >= source.size
                    break
            self.at_end = self.at_end or self.walk.at >= source.size

    async def judge(self, source: Bytes) -> None:
        """Look at the first key frames, once a segment is settled: the one that ends it is there as well.

        Raises:
            PlayheadError: what `source.read` raises.
        """
        async with self._turn:
            if self.closed_gops is not None or not self.growth.shown:
                return
            track = next(track for track in self.head.tracks if track.kind == "video")
            frames, places, number = self.walk.tracks[track.number], [], -1
            for _ in range(FIRST_TWO):
                number = frames.keys.index(1, number + 1)
                places.append((frames.offsets[number], frames.sizes[number]))
            self.closed_gops = await all_reset(self.growth.shown[0].lane.entries[0], places, source)
            self.growth.over = self.growth.over or not self.closed_gops

    def _take(self, data: bytes, start: int) -> None:
        try:
            self.walk.through(data, start)
        except PlayheadError:
            # It is judged when it is stored; until then there is what was settled before.
            self.growth.over = True
            return
        self.growth.look(self.head.frames(self.walk))
        if self.walk.elements > ELEMENT_LIMIT:
            self.growth.over = True

    async def movie(self, source: Bytes) -> Movie:
        """The index of the file, which has been walked through and is all there.

        Raises:
            PlayheadError: `not_ready` when it is damaged: that is for the encoder to judge.
        """
        try:
            found = await asyncio.to_thread(lambda: self.head.index(self.walk, self.walk.size).movie)
            return await with_keyframes_checked(found, source)
        except PlayheadError as error:
            self.growth.over = True
            raise PlayheadError("not_ready") from error

    def presentation(self, key: str) -> Presentation | None:
        """What is settled; None when nothing is yet, or players cannot be given it."""
        shown = self.growth.shown
        if not shown or not self.closed_gops:
            return None
        if self._made is None or self._made[0] is not shown:
            pictures, *sounds = shown
            self._made = (
                shown,
                Presentation(
                    pictures=(source_pictures(key, pictures.lane, pictures.segments),),
                    behind=(),
                    sounds=tuple(
                        Sound(sound_track(number), key, each.lane, each.segments, each.lane.language)
                        for number, each in enumerate(sounds)
                    ),
                    sounds_due=(),
                    texts=(),
                    settled=False,
                    final=False,
                ),
            )
        return self._made[1]

    def lasting(self) -> Fraction:
        """Seconds that the film is thought to last, more than is settled of it.

        As its header says, or as many as its bytes make at the rate of the first segment: not to be trusted, but
        the same whenever it is asked for, unless what has arrived disproves it.
        """
        pictures = self.growth.shown[0]
        first = pictures.segments[0]
        begun = Fraction(first.start + first.duration, TIMESCALE)
        reach = max(span.offset + span.length for span in pictures.lane.spans(first.first, first.stop))
        thought = self.head.duration
        if not begun < thought <= LONGEST_SECONDS:
            thought = max(begun, min(begun * self.walk.size / reach, Fraction(LONGEST_SECONDS)))
        end = Fraction(pictures.lane.end, pictures.lane.timescale)
        while thought <= end:
            thought *= 2
        return thought


async def begin(source: Bytes, limits: Limits) -> Walking:
    """A walk that stands at the first cluster.

    Raises:
        PlayheadError: `not_ready` while that has not arrived; what `source.read` raises.
    """
    try:
        head = await read_head(source)
    except PlayheadError as error:
        # What looks damaged may only be missing: that is judged once all is there.
        raise PlayheadError("not_ready") from error
    return Walking(head, head.walk(source.size), Growth(head, limits))

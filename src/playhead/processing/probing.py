"""Asking ffprobe about one file, while its own index is read beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import msgspec

from playhead.media.ffmpeg import glimpse, probe
from playhead.media.ffmpeg.failures import classify
from playhead.media.ffmpeg.glimpse import Glimpse
from playhead.media.ffmpeg.hardening import MOST_STREAMS, beside_the_film
from playhead.media.ffmpeg.pictures import ALPHA_DECODERS
from playhead.media.ffmpeg.probe import Claims, FirstFrame, Packets, VideoClaim
from playhead.media.ffmpeg.run import Invocation, Outcome, ToolFailed, run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack
from playhead.model.plan import MOST_SOUNDS
from playhead.processing import timeline as timelines
from playhead.processing.own_index import OwnIndex, agree, read_first_seconds
from playhead.processing.timeline import Timeline

FIRST_LOOKS = (1, 300)
"""Packets decoded to find the first frame: mostly one is enough."""
SOUND_LOOK = 50
"""Packets of sound decoded to find the first that is heard."""
FIRST_PACKETS = 600
"""Packets of a film that tell where its first chunk begins and ends, where all of them are known at once."""
_IN_VAIN = frozenset({"resource_limit", "decode_timeout", "decoder_crashed"})
"""What may be the machine's doing, or the file's: decoding less of it may end better."""
SLOWLY_INDEXED = frozenset({"matroska", "avi"})
"""Containers of which ffprobe tells what it is asked for sooner than we know all of their packets."""
_REFUSED = re.compile(r"Codec \((\w+)\) not on whitelist")
"""How ffprobe names a decoder that it may not open."""

Listing = asyncio.Task[tuple[Packets, str] | None]


@dataclass(frozen=True)
class Audible:
    """The tracks that can be heard, and when the first of them begins on the source's clock."""

    tracks: tuple[AudioTrack, ...] = ()
    start: float = 0.0

    @property
    def end(self) -> float | None:
        """When the last of them ends, as far as is known."""
        return max(
            (track.end_seconds for track in self.tracks if track.end_seconds is not None), default=None
        )

    def unheard(self, claims: Claims) -> tuple[str, ...]:
        """The codecs of the others that a file has."""
        heard = {track.index for track in self.tracks}
        return tuple(track.codec for track in claims.audios if track.index not in heard)


@dataclass(frozen=True)
class Probing:
    """One file being asked."""

    path: Path
    guards: tuple[str, ...]
    sandbox: Sandbox
    indexing: asyncio.Task[OwnIndex]
    """Reads its own index meanwhile."""
    forgiving: bool = False
    """Whether a sound that cannot be looked at for whatever reason is as good as none."""
    seen: bytes = b""
    """What ffprobe has said of its first packets; nothing if it was not asked or did not manage."""
    glimpsing: asyncio.Task[Glimpse] | None = None
    """Asks for the packets of its beginning and of its end, while its index is read, where that takes long."""

    async def index(self) -> OwnIndex:
        """Its own index, once that is read. That one who waits for it gives up does not end the reading."""
        return await asyncio.shield(self.indexing)

    async def look(self) -> bytes:
        """What it says of itself, and the frames of its first packets.

        Raises:
            PlayheadError: as `run`, also where one of the two could be had alone.
        """
        return (await self._run(probe.look_invocation(self.path, self.guards))).stdout

    async def claims(self) -> Claims:
        """What it says of itself."""
        return probe.read_claims((await self._run(probe.claims_invocation(self.path, self.guards))).stdout)

    async def packets(self, stream: int, intervals: str | None = None) -> Packets:
        """All packets of one stream, or those of some intervals."""
        asked = probe.packets_invocation(self.path, self.guards, stream, intervals)
        outcome = await self._run(asked)
        return await asyncio.to_thread(probe.read_packets, outcome.stdout)

    async def first_frame(self, claim: VideoClaim) -> FirstFrame:
        """The first picture that is shown, and in which form it can be had."""
        frame = await self._first_frame(claim)
        decoder = ALPHA_DECODERS.get(claim.codec) if claim.alpha_beside else None
        # The fourth channel is of eight bits, and goes with pictures of this form alone.
        if decoder is None or frame.pixel_format != "yuv420p" or not await self._decodes(claim, decoder):
            return frame
        return replace(frame, pixel_format="yuva420p")

    async def _decodes(self, claim: VideoClaim, decoder: str) -> bool:
        """Whether this ffmpeg has a decoder, and that takes the film."""
        asked = probe.alpha_invocation(self.path, self.guards, claim.index, decoder)
        try:
            told = (await self._run(asked)).stdout
        except PlayheadError as error:
            if not isinstance(error, ToolFailed) and error.code not in _IN_VAIN:
                raise
            return False  # then it is shown without
        return any(line[:1].isdigit() for line in told.splitlines())

    async def _first_frame(self, claim: VideoClaim) -> FirstFrame:
        """As ffprobe tells it. Mostly the first packet holds it; an edit list may hide many."""
        if (frame := probe.read_frame(self.seen, claim.index)) is not None:
            return frame
        for packets in FIRST_LOOKS:
            outcome = await self._run(probe.frames_invocation(self.path, self.guards, claim.index, packets))
            frame = probe.read_frame(outcome.stdout, claim.index)
            if frame is not None:
                return frame
        raise PlayheadError(_why_no_frame(claim, outcome.messages))

    async def listed(self, claim: VideoClaim) -> tuple[Packets, str] | None:
        """All packets of the film by the file's own index, and which of them ffprobe is to confirm."""
        index = await self.index()
        return await asyncio.to_thread(index.film_packets, claim.index, claim.number, claim.time_base)

    async def glimpse(self, claims: Claims) -> Glimpse:
        """The packets of its beginning and of its end; none where it does not even hold those at once."""
        formats = claims.container.split(",")
        asked = glimpse.intervals(claims.duration_seconds, middle="avi" in formats)
        try:
            told = await self._run(glimpse.glimpse_invocation(self.path, self.guards, asked))
        except PlayheadError:
            return {}  # whatever it is, it is met again
        return await asyncio.to_thread(glimpse.read_glimpse, told.stdout)

    async def _glimpsed(self, stream: int) -> Packets | None:
        return None if self.glimpsing is None else (await asyncio.shield(self.glimpsing)).get(stream)

    async def confirms(self, claim: VideoClaim, listed: Packets, ends: str) -> bool:
        """Whether ffprobe agrees with what the file's own index lists, at both ends of the film."""
        seen = await self._glimpsed(claim.index)
        if seen is not None and await asyncio.to_thread(agree, listed, seen):
            return True
        # Perhaps its header only knows nothing of its end.
        return await asyncio.to_thread(agree, listed, await self.packets(claim.index, ends))

    async def _begun(self, claim: VideoClaim) -> tuple[Packets, str] | None:
        """As `listed`, of a file that has to be walked through: as far as its first seconds go."""
        index = await read_first_seconds(self.path, glimpse.FIRST_SECONDS)
        return index.film_packets(claim.index, claim.number, claim.time_base)

    async def first_packets(self, claims: Claims, claim: VideoClaim, listing: Listing) -> Packets:
        """The packets of the film's first seconds, as soon as they are known."""
        own = await (self._begun(claim) if "matroska" in claims.container.split(",") else listing)
        if own is not None:
            return own[0].first(FIRST_PACKETS)
        seen = await self._glimpsed(claim.index)
        if seen is None:
            seen = await self.packets(claim.index, f"%+{glimpse.FIRST_SECONDS}")
        return glimpse.beginning(seen, claim.time_base)

    async def heard(self, claimed: Sequence[AudioTrack]) -> dict[AudioTrack, float]:
        """The sound tracks that can be heard, and when each begins; one that cannot be decoded is as good as none.

        Raises:
            PlayheadError: as `run`, but for what a sound itself may be the reason of.
        """
        starts: dict[AudioTrack, float] = {}
        for track in claimed:
            start = probe.read_sound_start(self.seen, track.index)
            asked = probe.frames_invocation(self.path, self.guards, track.index, SOUND_LOOK)
            try:
                if start is None:
                    start = probe.read_sound_start((await self._run(asked)).stdout, track.index)
            except PlayheadError as error:
                if not isinstance(error, ToolFailed) and not (self.forgiving and error.code in _IN_VAIN):
                    raise
            if start is not None:
                starts[track] = start
        return starts

    async def sound(self, starts: dict[AudioTrack, float], clock_may_restart: bool) -> Audible:
        """What is heard, with its ends."""
        if not starts:
            return Audible()
        ended = [await self._ending(track, clock_may_restart) for track in list(starts)[:MOST_SOUNDS]]
        return Audible((*ended, *list(starts)[MOST_SOUNDS:]), next(iter(starts.values())))

    async def _ending(self, track: AudioTrack, clock_may_restart: bool) -> AudioTrack:
        """The track with its end, by our own index or by its packets."""
        index, tick = await self.index(), Fraction(*track.time_base)
        end = await asyncio.to_thread(index.sound_end, track.index, tick)
        claim = index.sound_claim(track.index, tick)
        if end is None and claim is not None:
            claimed, last = claim
            seen = await self._glimpsed(track.index)
            if seen is None or timelines.end_by_packets(seen, tick) != claimed:
                seen = await self.packets(track.index, last)
            end = claimed if timelines.end_by_packets(seen, tick) == claimed else None
        if end is None:
            packets = await self.packets(track.index)
            end = await asyncio.to_thread(
                timelines.end_by_packets, packets, tick, clock_may_restart=clock_may_restart
            )
        return msgspec.structs.replace(track, end_seconds=end)

    async def sound_alone(self, sound: Audible, claims: Claims) -> Timeline:
        """The timeline of a file without pictures."""
        if not sound.tracks:
            raise PlayheadError("corrupt_file", "The file has no pictures, and its sound cannot be decoded.")
        if sound.end is not None and sound.end > sound.start:
            return timelines.of_sound(sound.start, sound.end - sound.start, trusted=True)
        first = sound.tracks[0]
        packets = await self.packets(first.index)
        lasts = timelines.lasts_by_durations(packets, Fraction(*first.time_base))
        lasts = lasts or claims.duration_seconds or 0.0
        return timelines.of_sound(0.0, lasts, trusted=False)

    async def _run(self, invocation: Invocation) -> Outcome:
        return await run(invocation, sandbox=self.sandbox)


async def claimed(probing: Probing) -> tuple[Claims, Probing, frozenset[str]]:
    """What a file says of itself; how to ask it on; and which codecs beside the film's are not on our list."""
    try:
        seen = await probing.look()
    except PlayheadError as error:
        if not isinstance(error, ToolFailed) and error.code not in _IN_VAIN:
            raise
    else:
        return probe.read_claims(seen), replace(probing, seen=seen), frozenset()
    unlisted: tuple[str, ...] = ()
    while True:
        try:
            claims = await probing.claims()
        except ToolFailed as error:
            named = set(_REFUSED.findall(error.messages)) - set(unlisted)
            # One that is refused again is the film's own, whatever else there is.
            if error.code != "unsupported_codec" or not named or len(unlisted) > MOST_STREAMS:
                raise
            unlisted = (*unlisted, *sorted(named))
            probing = replace(probing, guards=(*probing.guards, *beside_the_film(unlisted)))
        else:
            # Decoders are named after their codecs, but those of other libraries say so.
            return claims, probing, frozenset(name.removeprefix("lib") for name in unlisted)


def _why_no_frame(claim: VideoClaim, messages: str) -> str:
    if claim.codec == "unknown":
        return "unsupported_codec"
    named = classify(messages)
    return "no_frames" if named == "internal_error" else named

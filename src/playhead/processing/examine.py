"""Learning what a source really is: its headers' claims against its packets and its first decoded frame."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import msgspec

from playhead.media.ffmpeg import probe
from playhead.media.ffmpeg.failures import classify
from playhead.media.ffmpeg.hardening import MOST_STREAMS, beside_the_film, input_arguments
from playhead.media.ffmpeg.probe import Claims, FirstFrame, Packets, VideoClaim
from playhead.media.ffmpeg.run import Invocation, Outcome, ToolFailed, run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.source import sniffed
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, MediaInfo, Rectangle, VideoTrack
from playhead.model.plan import MOST_SOUNDS
from playhead.processing import timeline as timelines
from playhead.processing.geometry import MAX_SIDE, clean_aperture, displayed_size, turned
from playhead.processing.own_index import OwnIndex, agree, read_own_index
from playhead.processing.timeline import Timeline

MAX_FRAME_RATE = 240
FIRST_LOOKS = (1, 300)
"""Packets decoded to find the first frame: mostly one is enough."""
SOUND_LOOK = 50
"""Packets of sound decoded to find the first that is heard."""
SOUNDS_LOOKED_AT = 16
"""Of the sound tracks; files have one, films a dozen languages."""
FIRST_SECONDS, FIRST_PACKETS = 4, 600
"""How much of a film tells where its first chunk begins and ends: two seconds, and the frame behind them."""
SERVED = frozenset({"h264"})
"""Codecs of films that players may be given as they are: see `packaging.fitness`."""
_REFUSED = re.compile(r"Codec \((\w+)\) not on whitelist")
"""How ffprobe names a decoder that it may not open."""
CLOCK_MAY_RESTART = frozenset({"mpegts", "mpeg", "mpegvideo"})

OnBegun = Callable[[MediaInfo, Timeline], None]
"""Told what a film's first seconds are, as if that were all of it, and without its sound."""
Listing = asyncio.Task[tuple[Packets, str] | None]


async def examine(
    path: Path, sandbox: Sandbox, max_duration_seconds: float, on_begun: OnBegun | None = None
) -> tuple[MediaInfo, Timeline, OwnIndex]:
    """What a file is, from its first bytes, its own index, its headers, its packets and its first frame.

    `on_begun` is called as soon as a film's first seconds are known, if they are learnt before the rest.

    Raises:
        PlayheadError: the reason why it cannot be processed, by name.
    """
    found = await asyncio.to_thread(sniffed, path)
    guards = (*input_arguments(found.demuxer), *beside_the_film())
    # ffprobe is asked while we read ourselves: a film without a table of its frames takes us half a second.
    indexing = asyncio.create_task(read_own_index(path, found.container))
    asking = asyncio.create_task(
        _asked(_Probing(path, guards, sandbox, indexing), max_duration_seconds, on_begun)
    )
    try:
        index = await indexing  # what it refuses, it refuses by a better name than ffprobe's
        return *await asking, index
    except PlayheadError as error:
        # A table that claims more than memory holds is damage to us and a lack of memory to ffprobe.
        lacking = ("resource_limit", "decode_timeout", "decoder_crashed")
        damage = indexing.result().damage if indexing.done() and not indexing.exception() else None
        if damage is not None and error.code in lacking:
            raise damage from error
        raise
    finally:
        for task in (indexing, asking):
            task.cancel()
        await asyncio.gather(indexing, asking, return_exceptions=True)


async def _asked(
    probing: _Probing, max_duration_seconds: float, on_begun: OnBegun | None
) -> tuple[MediaInfo, Timeline]:
    """What `examine` finds, but for the index."""
    claims, probing, unlisted = await _claims(probing)
    sounds = [
        track
        for track in claims.audios
        if track.channels and track.sample_rate and track.codec not in unlisted
    ][:SOUNDS_LOOKED_AT]
    claim = _film(claims)
    video: VideoTrack | None
    if claim is None:
        if not sounds:
            raise PlayheadError("unsupported_codec" if claims.audios else "no_video_stream")
        sound = await probing.sound(await probing.heard(sounds), _may_restart(claims))
        video, timeline = None, await probing.sound_alone(sound, claims)
    else:
        video, timeline, sound = await _learnt(probing, claims, claim, sounds, on_begun)
    _within_limits(timeline, sound, max_duration_seconds)
    return _info(probing, claims, video, timeline, sound), timeline


async def _learnt(
    probing: _Probing,
    claims: Claims,
    claim: VideoClaim,
    sounds: Sequence[AudioTrack],
    on_begun: OnBegun | None,
) -> tuple[VideoTrack, Timeline, _Sound]:
    """A film, its timeline and what is heard with it, by its first frame and its packets."""
    may_restart = _may_restart(claims)
    framing = asyncio.create_task(probing.first_frame(claim))
    hearing = asyncio.create_task(probing.heard(sounds))
    listing = asyncio.create_task(probing.listed(claim))

    async def film(packets: Packets) -> tuple[VideoTrack, Timeline]:
        rate = claim.average_rate or claim.nominal_rate
        timeline = await asyncio.to_thread(
            timelines.from_packets, packets, claim.time_base, rate, clock_may_restart=may_restart
        )
        if starts := await hearing:
            timeline = timeline.from_sound(next(iter(starts.values())), clock_may_restart=may_restart)
        # Only containers that number their tracks tell of an aperture.
        index = OwnIndex() if claim.number is None else await probing.indexing
        return _video_track(claim, await framing, timeline, index), timeline

    async def begin() -> None:
        if on_begun is not None and claim.codec not in SERVED:
            video, timeline = await film(await probing.first_packets(claims, claim, listing))
            if timeline.usable:
                on_begun(_info(probing, claims, video, timeline, _Sound()), timeline)

    async def sounding() -> _Sound:
        return await probing.sound(await hearing, may_restart)

    beginning = asyncio.create_task(begin())
    try:
        _, packets, sound = await asyncio.gather(framing, probing.film_packets(claim, listing), sounding())
        video, timeline = await film(packets)
        await asyncio.wait({beginning})  # of a short film the rest may be known first
        return video, timeline, sound
    finally:
        tasks = (framing, hearing, listing, beginning)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _info(
    probing: _Probing, claims: Claims, video: VideoTrack | None, timeline: Timeline, sound: _Sound
) -> MediaInfo:
    return MediaInfo(
        container=claims.container,
        size_bytes=probing.path.stat().st_size,
        duration_seconds=float(timeline.duration_seconds),
        video=video,
        audio=sound.tracks[0] if sound.tracks else None,
        other_audio=sound.tracks[1:],
        unheard=sound.unheard(claims),
        texts=claims.texts,
        pictured=claims.pictured,
    )


def _may_restart(claims: Claims) -> bool:
    return bool(CLOCK_MAY_RESTART & set(claims.container.split(",")))


@dataclass(frozen=True)
class _Sound:
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
class _Probing:
    """One file being asked."""

    path: Path
    guards: tuple[str, ...]
    sandbox: Sandbox
    indexing: asyncio.Task[OwnIndex]
    """Reads its own index meanwhile."""
    seen: bytes = b""
    """What ffprobe has said of its first packets; nothing if it was not asked or did not manage."""

    async def look(self) -> bytes:
        """What it says of itself, and the frames of its first packets.

        Raises:
            ToolFailed: also where one of the two could be had alone.
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
        """The first picture that is shown. Mostly the first packet holds it; an edit list may hide many."""
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
        index = await self.indexing
        return await asyncio.to_thread(index.film_packets, claim.index, claim.number, claim.time_base)

    async def film_packets(self, claim: VideoClaim, listing: Listing) -> Packets:
        """All packets of the film: by the file's own index where ffprobe agrees with it at both ends."""
        own = await listing
        if own is not None:
            listed, ends = own
            if await asyncio.to_thread(agree, listed, await self.packets(claim.index, ends)):
                return listed
        return await self.packets(claim.index)

    async def first_packets(self, claims: Claims, claim: VideoClaim, listing: Listing) -> Packets:
        """The packets of the film's first seconds, as soon as they are known."""
        # A Matroska file has to be walked through before its index says anything.
        own = None if "matroska" in claims.container.split(",") else await listing
        if own is None:
            return await self.packets(claim.index, f"%+{FIRST_SECONDS}")
        return own[0].first(FIRST_PACKETS)

    async def heard(self, claimed: Sequence[AudioTrack]) -> dict[AudioTrack, float]:
        """The sound tracks that can be heard, and when each begins; one that cannot be decoded is as good as none."""
        starts: dict[AudioTrack, float] = {}
        for track in claimed:
            start = probe.read_sound_start(self.seen, track.index)
            asked = probe.frames_invocation(self.path, self.guards, track.index, SOUND_LOOK)
            with suppress(ToolFailed):
                if start is None:
                    start = probe.read_sound_start((await self._run(asked)).stdout, track.index)
                if start is not None:
                    starts[track] = start
        return starts

    async def sound(self, starts: dict[AudioTrack, float], clock_may_restart: bool) -> _Sound:
        """What is heard, with its ends."""
        if not starts:
            return _Sound()
        ended = [await self._ending(track, clock_may_restart) for track in list(starts)[:MOST_SOUNDS]]
        return _Sound((*ended, *list(starts)[MOST_SOUNDS:]), next(iter(starts.values())))

    async def _ending(self, track: AudioTrack, clock_may_restart: bool) -> AudioTrack:
        """The track with its end, by our own index or by its packets."""
        index, tick = await self.indexing, Fraction(*track.time_base)
        end = await asyncio.to_thread(index.sound_end, track.index, tick)
        claim = index.sound_claim(track.index, tick)
        if end is None and claim is not None:
            claimed, last = claim
            seen = timelines.sound_end(await self.packets(track.index, last), tick)
            end = claimed if seen == claimed else None
        if end is None:
            packets = await self.packets(track.index)
            end = await asyncio.to_thread(
                timelines.sound_end, packets, tick, clock_may_restart=clock_may_restart
            )
        return msgspec.structs.replace(track, end_seconds=end)

    async def sound_alone(self, sound: _Sound, claims: Claims) -> Timeline:
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


async def _claims(probing: _Probing) -> tuple[Claims, _Probing, frozenset[str]]:
    """What a file says of itself; how to ask it on; and which codecs beside the film's are not on our list."""
    with suppress(ToolFailed):
        seen = await probing.look()
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


def _film(claims: Claims) -> VideoClaim | None:
    """The largest film there is; None in a file that has at most a cover picture."""
    films = [claim for claim in claims.videos if not claim.is_picture]
    if not films:
        return None
    film = max(films, key=lambda claim: (claim.width * claim.height, -claim.index))
    if max(film.width, film.height) > MAX_SIDE:
        raise PlayheadError("limit_dimensions", f"The picture is {film.width}x{film.height}.")
    if film.dolby_vision_alone:
        raise PlayheadError(
            "unsupported_codec", "Its colours are Dolby Vision's alone, without HDR10 or HLG beneath."
        )
    return film


def _video_track(claim: VideoClaim, frame: FirstFrame, timeline: Timeline, index: OwnIndex) -> VideoTrack:
    rotation = claim.rotation if frame.rotation is None else frame.rotation
    seen, to_crop = _aperture(claim, frame, index)
    width, height = displayed_size(seen.width, seen.height, frame.sample_aspect, rotation)
    return VideoTrack(
        index=claim.index,
        codec=claim.codec,
        coded_width=frame.width,
        coded_height=frame.height,
        width=width,
        height=height,
        rotation=rotation,
        time_base=(claim.time_base.numerator, claim.time_base.denominator),
        frame_rate=(timeline.rate.numerator, timeline.rate.denominator),
        pixel_format=frame.pixel_format,
        interlaced=frame.interlaced,
        color_primaries=frame.color_primaries,
        color_transfer=frame.color_transfer,
        color_space=frame.color_space,
        color_range=frame.color_range,
        peak_nits=frame.peak_nits,
        aperture=to_crop,
        profile=claim.profile,
        bit_rate=claim.bit_rate,
    )


def _aperture(claim: VideoClaim, frame: FirstFrame, index: OwnIndex) -> tuple[Rectangle, Rectangle | None]:
    """What of the decoded picture is seen; and, where ffmpeg does not crop by itself, the same once turned."""
    whole = Rectangle(frame.width, frame.height, 0, 0)
    if claim.margins is not None:
        left, right, top, bottom = claim.margins
        return Rectangle(frame.width - left - right, frame.height - top - bottom, left, top), None
    track = index.track(claim.number)
    clean = None if track is None else clean_aperture(track, frame.width, frame.height)
    upright = clean and track and turned(clean, frame.width, frame.height, track.matrix)
    return (clean, upright) if clean and upright else (whole, None)


def _within_limits(timeline: Timeline, sound: _Sound, max_duration_seconds: float) -> None:
    if timeline.rate > MAX_FRAME_RATE * Fraction(11, 10):
        raise PlayheadError("limit_frame_rate", f"It has {float(timeline.rate):.0f} frames a second.")
    lasts = float(timeline.duration_seconds)
    if sound.end is not None and timeline.usable:
        lasts = max(lasts, sound.end - float(timeline.begin * timeline.tick))
    if lasts > max_duration_seconds:
        raise PlayheadError(
            "limit_duration", f"It lasts {lasts:.0f} seconds; {max_duration_seconds:.0f} are allowed."
        )

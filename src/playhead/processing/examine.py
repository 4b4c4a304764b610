"""Learning what a source really is: its headers' claims against its packets and its first decoded frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from playhead.media.ffmpeg.hardening import beside_the_film, input_arguments
from playhead.media.ffmpeg.probe import Claims, FirstFrame, Packets, VideoClaim
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.source import sniffed
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, MediaInfo, Rectangle, VideoTrack
from playhead.processing import timeline as timelines
from playhead.processing.geometry import MAX_SIDE, clean_aperture, displayed_size, turned
from playhead.processing.own_index import OwnIndex, read_own_index
from playhead.processing.probing import SLOWLY_INDEXED, Audible, Probing, claimed
from playhead.processing.timeline import Timeline

MAX_FRAME_RATE = 240
SOUNDS_LOOKED_AT = 16
"""Of the sound tracks; files have one, films a dozen languages."""
SERVED = frozenset({"h264"})
"""Codecs of films that players may be given as they are: see `packaging.fitness`."""
CLOCK_MAY_RESTART = frozenset({"mpegts", "mpeg", "mpegvideo"})

OnBegun = Callable[[MediaInfo, Timeline], None]
"""Told what a film's first seconds are, as if that were all of it, and without its sound."""


async def examine(
    path: Path,
    sandbox: Sandbox,
    max_duration_seconds: float,
    on_begun: OnBegun | None = None,
    *,
    forgiving: bool = False,
) -> tuple[MediaInfo, Timeline, OwnIndex]:
    """What a file is, from its first bytes, its own index, its headers, its packets and its first frame.

    `on_begun` is called as soon as a film's first seconds are known, if they are learnt before the rest. `forgiving`,
    a sound whose decoder crashes or gets nowhere counts as one that cannot be decoded.

    Raises:
        PlayheadError: the reason why it cannot be processed, by name.
    """
    found = await asyncio.to_thread(sniffed, path)
    guards = (*input_arguments(found.demuxer), *beside_the_film())
    # ffprobe is asked while we read ourselves: a film without a table of its frames takes us half a second.
    indexing = asyncio.create_task(read_own_index(path, found.container))
    probing = Probing(path, guards, sandbox, indexing, forgiving=forgiving)
    asking = asyncio.create_task(_asked(probing, max_duration_seconds, on_begun))
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
        await _end(indexing, asking)


async def _asked(
    probing: Probing, max_duration_seconds: float, on_begun: OnBegun | None
) -> tuple[MediaInfo, Timeline]:
    """What `examine` finds, but for the index."""
    claims, probing, unlisted = await claimed(probing)
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
    probing: Probing,
    claims: Claims,
    claim: VideoClaim,
    sounds: Sequence[AudioTrack],
    on_begun: OnBegun | None,
) -> tuple[VideoTrack, Timeline, Audible]:
    """A film, its timeline and what is heard with it, by its first frame and its packets."""
    may_restart = _may_restart(claims)
    if SLOWLY_INDEXED & set(claims.container.split(",")):
        probing = replace(probing, glimpsing=asyncio.create_task(probing.glimpse(claims)))
    framing = asyncio.create_task(probing.first_frame(claim))
    hearing = asyncio.create_task(probing.heard(sounds))
    listing = asyncio.create_task(probing.listed(claim))

    async def film(packets: Packets) -> tuple[VideoTrack, Timeline]:
        rate = claim.average_rate or claim.nominal_rate
        timeline = await asyncio.to_thread(
            timelines.from_packets, packets, claim.time_base, rate, clock_may_restart=may_restart
        )
        # Others wait for these two as well: whoever is not needed any more must not end them.
        if starts := await asyncio.shield(hearing):
            timeline = timeline.from_sound(next(iter(starts.values())), clock_may_restart=may_restart)
        # Only containers that number their tracks tell of an aperture.
        index = OwnIndex() if claim.number is None else await probing.index()
        return _video_track(claim, await asyncio.shield(framing), timeline, index), timeline

    async def whole() -> tuple[VideoTrack, Timeline]:
        own = await listing
        if own is not None:
            laying = asyncio.create_task(film(own[0]))  # while ffprobe is asked whether it is so
            try:
                if await probing.confirms(claim, *own):
                    return await laying
            finally:
                await _end(laying)
        return await film(await probing.packets(claim.index))

    async def begin() -> None:
        if on_begun is not None and claim.codec not in SERVED:
            video, timeline = await film(await probing.first_packets(claims, claim, listing))
            if timeline.usable:
                on_begun(_info(probing, claims, video, timeline, Audible()), timeline)

    async def sounding() -> Audible:
        return await probing.sound(await hearing, may_restart)

    beginning = asyncio.create_task(begin())
    laying_out, listening = asyncio.create_task(whole()), asyncio.create_task(sounding())
    try:
        _, (video, timeline), sound = await asyncio.gather(framing, laying_out, listening)
        await asyncio.wait({beginning})  # of a short film the rest may be known first
        return video, timeline, sound
    finally:
        await _end(framing, hearing, listing, beginning, laying_out, listening, probing.glimpsing)


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """Have them end, by themselves or now."""
    begun = [task for task in tasks if task is not None]
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)


def _info(
    probing: Probing, claims: Claims, video: VideoTrack | None, timeline: Timeline, sound: Audible
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


def _within_limits(timeline: Timeline, sound: Audible, max_duration_seconds: float) -> None:
    if timeline.rate > MAX_FRAME_RATE * Fraction(11, 10):
        raise PlayheadError("limit_frame_rate", f"It has {float(timeline.rate):.0f} frames a second.")
    lasts = float(timeline.duration_seconds)
    if sound.end is not None and timeline.usable:
        lasts = max(lasts, sound.end - float(timeline.begin * timeline.tick))
    if lasts > max_duration_seconds:
        raise PlayheadError(
            "limit_duration", f"It lasts {lasts:.0f} seconds; {max_duration_seconds:.0f} are allowed."
        )

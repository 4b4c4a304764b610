"""What a source is by its own index alone, before ffprobe has seen it. Pure."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from playhead.media.ffmpeg.hardening import DECODERS
from playhead.media.mp4 import Movie, Track, configuration
from playhead.media.mp4.names import codec_name
from playhead.model.errors import PlayheadError
from playhead.model.media import Rectangle, VideoTrack
from playhead.packaging.h264 import Sequence, sequence_of
from playhead.processing.geometry import clean_aperture, displayed_size, turned

_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 16: "smpte2084", 18: "arib-std-b67"}
_SPACES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
"""Numbers of ISO/IEC 23091-2 that decide something here, as ffmpeg names them."""


@dataclass(frozen=True)
class Unprobed:
    """A source by what its index claims. Nothing of it was decoded, so it may be mistaken about odd files."""

    video: VideoTrack
    frames: int
    seconds: float
    """From the first picture, or sound that is heard before it, to the last picture's end."""
    longest_seconds: float
    """The same to the end of the sound, where that is later."""
    audio_codec: str | None
    """None where there is no sound, or one whose codec is not known."""
    sounds: bool
    """Whether there is sound."""

    @property
    def rate(self) -> Fraction:
        """Frames per second on average."""
        return self.video.fps


def unprobed(movie: Movie) -> Unprobed:
    """The facts of an MP4 or MOV by its index.

    Raises:
        PlayheadError: `no_video_stream`, `no_frames`, `unsupported_codec` or `limit_dimensions`, as inspecting
            it would.
    """
    film = _film(movie)
    codec = codec_name("video", film.sample_entry)
    if (codec is not None and codec not in DECODERS) or _dolby_vision_alone(film):
        raise PlayheadError("unsupported_codec")
    begin, end = _extent(film)
    if not film.samples.count or end <= begin:
        raise PlayheadError("no_frames")
    sound = next(movie.of_kind("audio"), None)
    heard, silent = _extent(sound) if sound is not None else (begin, end)
    frames = _frames(film, end - begin)
    rate = frames / (end - begin)
    begin = min(begin, heard)
    return Unprobed(
        video=_video(film, codec or "unknown", rate),
        frames=frames,
        seconds=float(end - begin),
        longest_seconds=float(max(end, silent) - begin),
        audio_codec=None if sound is None else codec_name("audio", sound.sample_entry),
        sounds=sound is not None,
    )


def _film(movie: Movie) -> Track:
    """The track that is the film: the largest picture, as inspecting chooses it."""
    tracks = [track for track in movie.tracks if track.kind == "video" and track.sample_entries]
    if not tracks:
        raise PlayheadError("no_video_stream")
    return max(tracks, key=lambda track: track.width * track.height)


def _video(track: Track, codec: str, rate: Fraction) -> VideoTrack:
    rotation = round(track.rotation / 90) * 90 % 360
    sequence = _sequence(track) if codec == "h264" else None
    across, down = track.width, track.height
    if sequence is not None and min(sequence.width, sequence.height) > 0:
        across, down = sequence.width, sequence.height
    aperture, seen = None, Rectangle(across, down, 0, 0)
    clean = clean_aperture(track, across, down)
    upright = clean and turned(clean, across, down, track.matrix)
    if clean and upright:
        aperture, seen = upright, clean
    width, height = displayed_size(seen.width, seen.height, _aspect(track, sequence), rotation)
    primaries, transfer, space = _colours(track, sequence)
    return VideoTrack(
        index=0,
        codec=codec,
        coded_width=across,
        coded_height=down,
        width=width,
        height=height,
        rotation=rotation,
        time_base=(1, track.timescale),
        frame_rate=(rate.numerator, rate.denominator),
        pixel_format="",
        interlaced=sequence is not None and sequence.interlaced,
        color_primaries=_PRIMARIES.get(primaries),
        color_transfer=_TRANSFERS.get(transfer),
        color_space=_SPACES.get(space),
        aperture=aperture,
    )


def _sequence(track: Track) -> Sequence | None:
    with suppress(PlayheadError):
        return sequence_of(configuration(track.sample_entry, b"avcC") or b"")
    return None


def _aspect(track: Track, sequence: Sequence | None) -> Fraction:
    """The pixels' shape, by the word that ffmpeg takes first: the container's (ISO/IEC 14496-12, 12.1.4)."""
    with suppress(PlayheadError):
        pasp = configuration(track.sample_entry, b"pasp")
        if pasp is not None and len(pasp) >= 8:
            across, down = int.from_bytes(pasp[:4], "big"), int.from_bytes(pasp[4:8], "big")
            if across and down:
                return Fraction(across, down)
    sizes = (track.display_width, track.display_height, track.width, track.height)
    if min(sizes) > 0 and sizes[:2] != sizes[2:]:
        return Fraction(track.display_width) / Fraction(track.display_height) * track.height / track.width
    return Fraction(1) if sequence is None or sequence.aspect is None else Fraction(*sequence.aspect)


def _colours(track: Track, sequence: Sequence | None) -> tuple[int, int, int]:
    """Primaries, transfer and matrix, by the word of the coded pictures before the container's; 2 is unknown."""
    if sequence is not None and sequence.colours is not None:
        return sequence.colours
    with suppress(PlayheadError):
        colour = configuration(track.sample_entry, b"colr") or b""
        if colour[:4] in (b"nclx", b"nclc") and len(colour) >= 10:
            primaries, transfer, matrix = struct.unpack_from(">3H", colour, 4)
            return primaries, transfer, matrix
    return 2, 2, 2


def _dolby_vision_alone(track: Track) -> bool:
    """Whether only Dolby Vision decoders know its colours (Dolby Vision streams within ISOBMFF, section 3.2)."""
    with suppress(PlayheadError):
        for kind in (b"dvcC", b"dvvC"):
            box = configuration(track.sample_entry, kind)
            if box is not None and len(box) >= 5:
                return not box[4] >> 4
    return False


def _frames(track: Track, seconds: Fraction) -> int:
    """About how many of a track's frames are shown, when `seconds` of it are."""
    all_seconds = Fraction(track.samples.duration, track.timescale)
    share = min(Fraction(1), seconds / all_seconds) if all_seconds else Fraction(1)
    return max(1, round(track.samples.count * share))


def _extent(track: Track) -> tuple[Fraction, Fraction]:
    """When a track begins and ends to be shown, in seconds, by its edit list and durations."""
    tick, ends, reordered = (
        track.timescale,
        track.samples.start + track.samples.duration,
        track.samples.composition,
    )
    # Where frames are reordered, the first is shown a while after it is decoded, and so are all.
    ends += reordered.values[0] if reordered is not None else 0
    last = track.spans[-1]
    stop = last.start + max(0, min(last.media_stop, ends) - last.media_start)
    return Fraction(track.spans[0].start, tick), Fraction(stop, tick)

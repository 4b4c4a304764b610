"""What is known of a source: the result of probing it."""

from __future__ import annotations

from fractions import Fraction

import msgspec


class Rectangle(msgspec.Struct, frozen=True):
    """A part of a picture, in pixels."""

    width: int
    height: int
    left: int
    top: int


class VideoTrack(msgspec.Struct, frozen=True, kw_only=True):
    """The source's picture, as measured, not as claimed."""

    index: int
    """The stream's number in the container."""
    codec: str
    coded_width: int
    coded_height: int
    width: int
    """Width as displayed, in square pixels, after cropping, rotation and sample aspect ratio."""
    height: int
    """Height as displayed, in square pixels, after cropping, rotation and sample aspect ratio."""
    rotation: int
    """Clockwise degrees the decoder turns the picture by: 0, 90, 180 or 270."""
    time_base: tuple[int, int]
    """Seconds per tick, as numerator and denominator."""
    frame_rate: tuple[int, int]
    """Frames per second, as numerator and denominator; the measured average for a variable rate."""
    pixel_format: str
    interlaced: bool = False
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_space: str | None = None
    color_range: str | None = None
    peak_nits: int | None = None
    """The brightest it claims to get, in cd/m², where its colours have a high dynamic range."""
    aperture: Rectangle | None = None
    """What is meant to be seen of the picture as decoded and turned; None when that is all of it, or when ffmpeg
    crops by itself."""
    profile: str | None = None
    bit_rate: int | None = None

    @property
    def tick(self) -> Fraction:
        """Seconds per tick."""
        return Fraction(*self.time_base)

    @property
    def fps(self) -> Fraction:
        """Frames per second."""
        return Fraction(*self.frame_rate)


class AudioTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One sound track of the source."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    time_base: tuple[int, int] = (1, 1000)
    """Seconds per tick, as numerator and denominator."""
    language: str | None = None
    profile: str | None = None
    bit_rate: int | None = None
    end_seconds: float | None = None
    """When it ends on the source's own clock, as its packets tell; None when they do not."""


class TextTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One track of captions as text in the source; those that are pictures are not counted."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None
    """What it calls itself, for a menu: a stranger's words, bounded."""


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A source after probing: one video track, its sound, and how long it really is."""

    container: str
    """The demuxer's name, as ffmpeg spells it."""
    size_bytes: int
    duration_seconds: float
    """Length of the presentation: what packets cover, not what a header says."""
    video: VideoTrack | None
    """None where there is only sound: then its waveform is what is shown."""
    audio: AudioTrack | None
    other_audio: tuple[AudioTrack, ...] = ()
    unheard: tuple[str, ...] = ()
    """The codecs of sounds that cannot be decoded here, and are left out."""
    texts: tuple[TextTrack, ...] = ()
    pictured: tuple[str, ...] = ()
    """The codecs of captions that are pictures, and are left out."""

    @property
    def shown(self) -> int:
        """The number of the stream that pictures are made from: the film, or else the sound."""
        track = self.video or self.audio
        assert track is not None  # a file with neither is refused
        return track.index

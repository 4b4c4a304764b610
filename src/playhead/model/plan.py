"""The plan: what will be made from a source. A pure function of the source and the request gives it.

A plan cuts the presentation timeline into chunks, on the source's own frame times, and names the renditions
to make. One chunk encoded for one rendition is a piece; inside a piece every grid time starts a closed GOP,
so that all renditions can be switched at the same moments.
"""

from __future__ import annotations

import msgspec

from playhead.model.media import Rectangle

TIMESCALE = 90_000
"""Ticks per second of every time in a plan and of every video piece: divides 24, 25, 30, 50 and 60 fps."""

AUDIO = "audio"
"""The name of the first sound track. Each has a single piece."""
BUFFER_SECONDS = 2
"""Over how many seconds the ceiling of a rendition's bit rate holds: what those before left may be spent at once."""
MOST_SOUNDS = 8
"""Sound tracks that are encoded of one source; what languages there are beyond that is left out."""


def sound_track(number: int) -> str:
    """The name of a sound track, the first being number 0: `audio`, `audio-2` and so on."""
    return AUDIO if number == 0 else f"{AUDIO}-{number + 1}"


def is_sound(track: str) -> bool:
    """Whether that is the name of a sound track; those of pictures are named after their size."""
    return track.startswith(AUDIO)


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the timeline that one job encodes, for all renditions from one decode."""

    number: int
    start: int
    """First frame's presentation time, in ticks since the timeline's beginning."""
    end: int
    """Where the next chunk starts, or the end of the last frame, in ticks."""
    source_start: int
    """First frame's timestamp in the source, in the source's own ticks."""
    source_end: int | None
    """Timestamp of the first frame that belongs to the next chunk; None in the last chunk."""
    seek_seconds: float | None
    """Where to seek in the source to be sure to decode the first frame; None: decode from the beginning."""
    frames: int | None
    """How many frames the source's packets promise here; None when packets cannot tell."""
    grid: tuple[int, ...]
    """Times at which a GOP must start, in ticks; the first is `start`."""


class ColorConversion(msgspec.Struct, frozen=True, kw_only=True):
    """How a source's colours become BT.709, where more than its matrix must change."""

    transfer: str
    """`pq` and `hlg` (ITU-R BT.2100) are also tone-mapped; `sdr` has the usual brightness."""
    primaries: str
    """`bt2020`, `p3` or `bt709`."""
    peak_nits: int
    """The brightest the source gets, in cd/m²; what exceeds it is clipped."""


class PlannedSound(msgspec.Struct, frozen=True, kw_only=True):
    """A sound track to encode beside the first, for players alone: a rendition's MP4 has only the first."""

    track: str
    """Its name, such as `audio-2`."""
    stream: int
    """Its number in the source."""
    language: str | None = None
    """As the source spells it."""
    seconds: float | None = None
    """When it ends, from the timeline's beginning, as its packets promise; None when they cannot."""
    sample_rate: int | None = None
    """Samples a second of what is encoded; None in plans that did not say."""


class PlannedRendition(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one requested resolution: a track to make, shared by all that come out at one size."""

    resolution: str
    """The name that was asked for, such as `480p`."""
    track: str
    """The track's name: its size, such as `854x480`."""
    width: int
    height: int
    crf: int
    max_bit_rate: int
    """Bits per second the encoder may not exceed over a buffer of `BUFFER_SECONDS`."""
    profile: str
    level: str
    note: str | None = None
    """Why this differs from what was asked, as a sentence."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that will be made of one source. Same source and request, same plan."""

    version: int
    """Version of the planning rules; a piece's key depends on it."""
    timing: str
    """`source`: frames keep their times. `constant`: they are laid on `frame_rate`, doubled and dropped by
    what times they have. `numbered`: they have none, and are shown one after the other at `frame_rate`.
    `drawn`: there are none; the waveform of the sound is drawn once, and shown at `frame_rate`."""
    frame_rate: tuple[int, int]
    origin_seconds: float
    """Source timestamp, in seconds, at which the timeline begins."""
    origin_ticks: int
    """The same in the source's own ticks."""
    duration: int
    """Length of the video track, in ticks."""
    chunks: tuple[Chunk, ...]
    segments: tuple[int, ...]
    """When each segment that players fetch begins, in ticks; every one is also on the chunks' grids."""
    lead: int
    """Ticks that decoding runs ahead of showing in every track that is encoded: see `packaging.Lane.lead`."""
    source_reasons: tuple[str, ...]
    """Why the source cannot be served as it is; empty when it can, as one more track."""
    sound_from_source: bool
    """Whether players get the source's own sound, or that which is encoded."""
    normalised: bool = False
    """Whether the sound is brought to one loudness: then what players get is what was encoded."""
    renditions: tuple[PlannedRendition, ...]
    poster_seconds: float
    """Where on the timeline the poster is taken."""
    thumbnail_seconds: tuple[float, ...]
    """Where the caller's thumbnails are taken: as asked, but never past the last frame."""
    audio: int | None
    """The stream number of the sound to encode, or None."""
    sound_seconds: float | None = None
    """When the sound ends, from the timeline's beginning, as its packets promise; None when they cannot."""
    sample_rate: int | None = None
    """Samples a second of the sound that is encoded; None in plans that did not say."""
    other_sounds: tuple[PlannedSound, ...] = ()
    """The others to encode; none when players get the source's own."""
    color_matrix: str
    """How the source's YUV is to be read: `bt709`, `smpte170m` or `bt2020`, as the scaler names them."""
    color: ColorConversion | None = None
    """None when the matrix is all that must change."""
    crop: Rectangle | None = None
    """What is cut out of the picture before it is scaled; None for all of it."""
    over_black: bool = False
    """Whether the source is see-through in places, which are shown black."""
    decoder: str | None = None
    """The decoder for the source's picture, by ffmpeg's name; None for the one that ffmpeg chooses."""
    deinterlace: bool = False
    trusted_timestamps: bool = True
    """Whether the source's own timestamps are kept while decoding, or repaired by the demuxer's rules."""

    @property
    def drawn(self) -> bool:
        """Whether the source is sound alone: players are streamed that, and only MP4s and stills show a picture."""
        return self.timing == "drawn"

    def sound_seconds_of(self, track: str) -> float | None:
        """When a sound track ends; see `sound_seconds`."""
        others = {each.track: each.seconds for each in self.other_sounds}
        return others.get(track, self.sound_seconds)

    def sample_rate_of(self, track: str) -> int | None:
        """Samples a second of a sound track; see `sample_rate`."""
        others = {each.track: each.sample_rate for each in self.other_sounds}
        return others.get(track, self.sample_rate)

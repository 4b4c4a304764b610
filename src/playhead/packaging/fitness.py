"""Whether a stored file can be served as it is, and if not, why not.

A file that is not fit is not refused: it goes to the encoder, and its owner is told the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from operator import sub
from typing import NamedTuple

from playhead.media.mp4 import Movie, Track, codec_string, configuration
from playhead.model.errors import PlayheadError
from playhead.packaging.h264 import sequence_of
from playhead.packaging.lane import Lane
from playhead.packaging.timeline import REORDER_LIMIT, lane_of_track, shown_range

_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}
"""The H.264 profiles that every browser and phone decodes; with 8 bits and 4:2:0 only."""

LONGEST_SAMPLE = 1 << 31
"""Ticks: a sample's duration and its composition offset are told in 32 bits."""
LONGEST_SECONDS = 31 * 24 * 3600


class Reason(NamedTuple):
    """Why a file cannot be served as it is."""

    code: str
    """Stable, for programs."""
    text: str
    """A few words for the owner, such as "long GOP: 12.0 s"."""


@dataclass(frozen=True)
class Limits:
    """What is still served as it is."""

    bits_per_second: int = 16_000_000
    """The highest average of pictures and sound."""
    gop_seconds: float = 10.0
    """The longest distance between keyframes: a player has to load that much to start anywhere."""
    level: int = 52
    """The highest H.264 level, times ten."""
    sound_codecs: frozenset[str] = frozenset({"mp4a.40.2", "mp4a.40.5", "mp4a.40.29"})
    sound_late_seconds: float = 4.0
    """How late the sound may begin: the first sound segment spans that."""


@dataclass(frozen=True)
class Fitness:
    """What `examine` found: the lanes to serve when there is no reason against it."""

    reasons: tuple[Reason, ...]
    lanes: tuple[Lane, ...] = ()
    """The pictures, then each sound, in file order; empty when there is a reason."""


def fitness(movie: Movie, limits: Limits = Limits()) -> tuple[Reason, ...]:
    """Every reason not to serve the movie's first video track and its sounds as they are; empty when fit."""
    return examine(movie, limits).reasons


def examine(movie: Movie, limits: Limits = Limits()) -> Fitness:
    """The fitness of a movie with the lanes that telling it took, for who goes on to serve them."""
    video = movie.video
    if video is None:
        return Fitness((Reason("no_video", "no video track"),))
    lanes: list[Lane] = []
    try:
        reasons = [*_format(video, limits), *_file(movie, limits)]
        # A timeline is only looked at when the rest is fit: raw formats have too many samples to list.
        if not reasons:
            reasons += _timeline(video, limits, lanes)
        for track in movie.of_kind("audio"):
            reasons += _sound(track, limits, lanes)
    except PlayheadError as damage:
        return Fitness((Reason("damaged", damage.detail),))
    return Fitness(tuple(dict.fromkeys(reasons)), () if reasons else tuple(lanes))


def examine_sound(movie: Movie, track: Track, limits: Limits = Limits()) -> Fitness:
    """The fitness of one sound of a movie by itself; its lane is the only one."""
    lanes: list[Lane] = []
    try:
        reasons = [*_file(movie, limits), *_sound(track, limits, lanes)]
    except PlayheadError as damage:
        return Fitness((Reason("damaged", damage.detail),))
    return Fitness(tuple(reasons), () if reasons else tuple(lanes))


def _format(track: Track, limits: Limits) -> list[Reason]:
    codecs = {entry[4:8].decode("latin-1") for entry in track.sample_entries}
    if codecs & {"encv", "drmi"}:
        return [Reason("encrypted", "encrypted")]
    if codecs != {"avc1"}:
        return [Reason("video_codec", f"video codec {', '.join(sorted(codecs))}")]
    reasons = []
    if len(track.sample_entries) > 1:
        reasons.append(Reason("several_configurations", "codec settings change within the file"))
    sequence = sequence_of(configuration(track.sample_entry, b"avcC") or b"")
    if sequence is None:
        return [*reasons, Reason("no_configuration", "codec settings are missing from the header")]
    if sequence.bit_depth != 8:
        reasons.append(Reason("bit_depth", f"{sequence.bit_depth}-bit"))
    if sequence.chroma_format != 1:
        reasons.append(Reason("chroma", "chroma is not 4:2:0"))
    if sequence.profile not in _PROFILES and not reasons:
        reasons.append(Reason("profile", f"H.264 profile {sequence.profile}"))
    if sequence.level > limits.level:
        reasons.append(Reason("level", f"H.264 level {sequence.level / 10}"))
    if sequence.interlaced:
        reasons.append(Reason("interlaced", "interlaced"))
    if track.rotation or track.matrix[0] < 0 or track.matrix[4] < 0:
        reasons.append(Reason("rotated", f"to be turned by {track.rotation}°"))
    if track.width % 2 or track.height % 2:
        reasons.append(Reason("odd_size", f"odd size {track.width}×{track.height}"))
    return reasons


def _file(movie: Movie, limits: Limits) -> list[Reason]:
    reasons = []
    if not movie.complete:
        reasons.append(Reason("truncated", "the file is cut off"))
    rate = sum(_bits_per_second(track) for track in movie.tracks if track.kind != "other")
    if rate > limits.bits_per_second:
        cap = limits.bits_per_second / 1e6
        reasons.append(Reason("bitrate", f"bitrate over {cap:g} Mb/s: {rate / 1e6:.1f}"))
    return reasons


def _bits_per_second(track: Track) -> float:
    samples = track.samples
    return samples.total_bytes * 8 * track.timescale / max(1, samples.duration)


def _timeline(track: Track, limits: Limits, lanes: list[Lane]) -> list[Reason]:
    """Reasons of the video's edit list, GOPs and times; its lane is added to `lanes`."""
    if track.unfit:
        return [Reason("container", track.unfit)]
    if len(track.spans) > 1 or track.rate_changed:
        return [Reason("several_edits", "its edit list has several parts")]
    first, stop = shown_range(track)
    if first >= stop:
        return [Reason("trimmed_inside_gop", "its edit list starts or ends within a GOP")]
    try:
        lane = lane_of_track(track)
    except PlayheadError:
        return [Reason("equal_times", "two frames have the same time, or none is shown")]
    if _absurd(lane):
        return [Reason("absurd_times", "its times make no sense")]
    lanes.append(lane)
    reasons = []
    numbers = lane.sync_numbers
    if not numbers or numbers[0] != 0:
        return [Reason("no_keyframe", "it does not start with a keyframe")]
    if _open_gop(lane):
        reasons.append(Reason("open_gop", "open GOP"))
    times = [lane.times[number] for number in numbers]
    longest = max(after - before for before, after in pairwise([*times, lane.end])) / lane.timescale
    if longest > limits.gop_seconds:
        reasons.append(Reason("long_gop", f"long GOP: {longest:.1f} s"))
    return reasons


def _open_gop(lane: Lane) -> bool:
    """Whether a frame decoded after a keyframe is shown before it, or the other way round."""
    times, shown = lane.times, lane.shown
    if times == shown:
        return False
    return any(
        times[number] != shown[number]
        or (number > 0 and max(times[max(0, number - REORDER_LIMIT) : number]) > times[number])
        for number in lane.sync_numbers
    )


def _sound(track: Track, limits: Limits, lanes: list[Lane]) -> list[Reason]:
    codec = codec_string(track.sample_entry)
    if codec not in limits.sound_codecs:
        return [Reason("sound_codec", f"sound codec {codec}")]
    if len(track.sample_entries) > 1:
        return [Reason("several_configurations", "codec settings change within the file")]
    if track.unfit:
        return [Reason("sound_container", track.unfit)]
    if len(track.spans) > 1 or track.rate_changed:
        return [Reason("sound_edits", "the sound's edit list has several parts")]
    if track.spans[0].start > limits.sound_late_seconds * track.timescale:
        return [Reason("sound_late", f"the sound starts {track.spans[0].start / track.timescale:.1f} s late")]
    try:
        lane = lane_of_track(track)
    except PlayheadError:
        return [Reason("sound_times", "the sound's packets have no times of their own")]
    if _absurd(lane):
        return [Reason("absurd_times", "its times make no sense")]
    lanes.append(lane)
    return []


def _absurd(lane: Lane) -> bool:
    """Whether the lane is longer than a month or one sample lasts longer than a header can tell."""
    if lane.end < LONGEST_SAMPLE and lane.shown[0] > -LONGEST_SAMPLE:
        return False
    longest = max(map(sub, chain(lane.shown[1:], (lane.shown_at(len(lane.shown)),)), lane.shown))
    return longest >= LONGEST_SAMPLE or lane.end - lane.shown[0] > LONGEST_SECONDS * lane.timescale

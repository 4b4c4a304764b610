"""What would become of a file, told by its first bytes and its index before the rest of it is sent.

Nothing is decoded and no tool is started: the sniffer, the index reader, the rules of what players can be given
and the ladder say here what they will say again when the file has arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import structlog

from playhead.media.matroska import read_matroska
from playhead.media.matroska.index import read_head
from playhead.media.mp4 import IndexLostError, Movie, read_movie, with_keyframes_checked
from playhead.media.sniff import HEAD_BYTES
from playhead.media.source import require_media
from playhead.media.sparse import AtHand, Range, RangeMissingError, SparseBytes
from playhead.model.errors import PlayheadError
from playhead.model.plan import PlannedRendition
from playhead.packaging import Limits
from playhead.packaging.source import view
from playhead.processing import picture
from playhead.processing.apart import SLIPS, within
from playhead.processing.estimate import Interval, bytes_stored, cpu_seconds
from playhead.processing.examine import MAX_FRAME_RATE
from playhead.processing.ladder import ladder
from playhead.processing.own_index import check_index
from playhead.processing.planning import NOTHING_SERVABLE
from playhead.processing.timeline import MAX_RATE
from playhead.processing.unprobed import Unprobed, unprobed

_log = structlog.get_logger()

VerdictName = Literal["fit", "encode", "refused", "unknown"]

MOST_BYTES = 16 * 1024 * 1024
"""How much of a file is looked at."""
MOST_SAMPLES = 1_000_000
"""Samples that are listed in memory here: nine hours of thirty frames a second."""
PATIENCE_SECONDS = 5
"""How long a file's index is looked at, which is in memory."""
USUAL_HEAD = 1024 * 1024
"""How much of a file's start to ask for: the index of half an hour, where it comes first."""
NO_PICTURES = ("it has no pictures",)
_PICTURES_IN_OGG = (b"\x80theora", b"OVP80", b"BBCD\0", b"\x01video\0\0\0")
"""How the first packets of Theora, VP8 and Dirac begin, and of the old way to put other codecs into Ogg."""
_LISTED = frozenset({"avc1", "mp4a"})
"""Sample entries of tracks whose samples are listed when they are judged."""


@dataclass(frozen=True)
class Judging:
    """What the operator allows."""

    source_limits: Limits
    max_bytes: int
    max_duration_seconds: float


@dataclass(frozen=True)
class DryRun:
    """What would be made."""

    renditions: tuple[PlannedRendition, ...]
    cpu_seconds: Interval
    bytes: Interval


@dataclass(frozen=True)
class Verdict:
    """What would become of a file."""

    name: VerdictName
    """`fit`: players get it as it is, and renditions besides; `encode`: they get renditions; `refused`; or
    `unknown`: what there is of it does not tell."""
    reasons: tuple[str, ...] = ()
    """Why it is not fit, in the words that the video's `source.reasons` will have; or what is not known."""
    error: PlayheadError | None = None
    """Why it is refused."""
    facts: Unprobed | None = None
    plan: DryRun | None = None
    wanted: Range | None = None
    """The bytes that would tell more."""


def judge(source: SparseBytes, resolutions: Sequence[str], judging: Judging) -> Verdict:
    """What would become of a file of which `source` holds some ranges. Blocks, for up to a second or two."""
    try:
        return _judged(source, resolutions, judging)
    except PlayheadError as error:
        # What is too much to look at here may be no trouble to a worker.
        if error.code == "resource_limit":
            return Verdict("unknown", (error.detail,))
        return Verdict("refused", error=error)
    except (TimeoutError, *SLIPS):
        _log.warning("a file could not be judged beforehand", size=source.size, exc_info=True)
        return Verdict("unknown", ("its index is not understood here",))


def _judged(source: SparseBytes, resolutions: Sequence[str], judging: Judging) -> Verdict:
    if source.size > judging.max_bytes:
        raise PlayheadError("upload_too_large", f"At most {judging.max_bytes} bytes are accepted.")
    head = source.held(0, HEAD_BYTES)
    if len(head) < min(HEAD_BYTES, source.size):
        return _lacking((0, min(USUAL_HEAD, source.size)))
    sniffed = require_media(head, source.size)
    if sniffed.kind == "audio":
        return Verdict("encode", NO_PICTURES)
    if sniffed.container in ("matroska", "webm"):
        return _of_matroska(source, resolutions, judging)
    if sniffed.container not in ("mp4", "mov"):
        return _of_another(sniffed.container, head)
    try:
        movie = within(PATIENCE_SECONDS, lambda: read_movie(source, MOST_SAMPLES))
    except RangeMissingError:
        return _lacking(_worth_asking(source))
    except PlayheadError as error:
        if source.missing is not None:
            return _lacking(_worth_asking(source))
        if not isinstance(error, IndexLostError) and error.code in ("corrupt_file", "unsupported_format"):
            # ffmpeg makes sense of some files that our reader cannot.
            return Verdict("unknown", (error.detail,))
        raise
    check_index(movie)
    return _of_movie(_looked_at(movie, source), resolutions, judging)


def _of_another(container: str | None, head: bytes) -> Verdict:
    """What can be told of other containers without reading them: mostly that there are pictures."""
    if container == "ogg" and not any(mark in head for mark in _PICTURES_IN_OGG):
        return Verdict("encode", NO_PICTURES)
    return Verdict("encode", NOTHING_SERVABLE.reasons)


def _of_matroska(source: SparseBytes, resolutions: Sequence[str], judging: Judging) -> Verdict:
    """Of a Matroska that is there whole, all that its index tells; else what its description of tracks does."""
    codecs: list[bytes] | None = None
    try:
        head = within(PATIENCE_SECONDS, lambda: read_head(source))
        codecs = [each.codec for each in head.tracks if each.kind == "video"]
        if not codecs:
            return Verdict("encode", NO_PICTURES)
        movie = within(PATIENCE_SECONDS, lambda: read_matroska(source, MOST_SAMPLES)).movie
    except RangeMissingError:
        return _of_part(source, codecs)
    except PlayheadError as error:
        if source.missing is not None:
            return _of_part(source, codecs)
        if error.code not in ("corrupt_file", "unsupported_format"):
            raise
        return Verdict("encode", NOTHING_SERVABLE.reasons)
    return _of_movie(_looked_at(movie, source), resolutions, judging)


def _looked_at(movie: Movie, source: SparseBytes) -> Movie:
    return within(PATIENCE_SECONDS, lambda: with_keyframes_checked(movie, AtHand(source)))


def _of_part(source: SparseBytes, codecs: list[bytes] | None) -> Verdict:
    """What can be told of a Matroska by the codecs of its pictures, if so much of it is there."""
    if codecs is None:
        return _lacking(_worth_asking(source))
    if codecs[0] == b"avc1":
        return Verdict("unknown", ("how its frames lie is not known before it arrives",))
    return Verdict("encode", (f"video codec {codecs[0].decode('latin-1')}",))


def _of_movie(movie: Movie, resolutions: Sequence[str], judging: Judging) -> Verdict:
    if not any(track.kind == "video" and track.sample_entries for track in movie.tracks):
        return _of_sound(movie, judging.source_limits)
    facts = unprobed(movie)
    if facts.rate > MAX_FRAME_RATE * Fraction(11, 10):
        raise PlayheadError("limit_frame_rate", f"It has {float(facts.rate):.0f} frames a second.")
    if facts.longest_seconds > judging.max_duration_seconds:
        raise PlayheadError(
            "limit_duration",
            f"It lasts {facts.longest_seconds:.0f} seconds; {judging.max_duration_seconds:.0f} are allowed.",
        )
    if facts.video.codec == "unknown":
        return Verdict("unknown", ("its codec is not known here",), facts=facts)
    plan = _dry_run(facts, movie.size, resolutions)
    if any(track.samples.count > MOST_SAMPLES for track in movie.tracks if track.codec in _LISTED):
        return Verdict(
            "unknown", ("its index is too long to be judged before it arrives",), None, facts, plan
        )
    reasons = _reasons(movie, facts, judging.source_limits)
    return Verdict("encode" if reasons else "fit", reasons, facts=facts, plan=plan)


def _of_sound(movie: Movie, limits: Limits) -> Verdict:
    if next(movie.of_kind("audio"), None) is None:
        raise PlayheadError("no_video_stream")
    found = view(movie, limits)
    return Verdict("fit") if found.sounds else Verdict("encode", found.reasons)


def _reasons(movie: Movie, facts: Unprobed, limits: Limits) -> tuple[str, ...]:
    """Why players cannot be given the source, in the order in which inspecting it looks."""
    if facts.video.aperture is not None:
        return ("its edges are not meant to be seen",)
    if picture.conversion(facts.video) is not None:
        return ("its colours are not those of every screen",)
    return view(movie, limits).reasons


def _dry_run(facts: Unprobed, size: int, resolutions: Sequence[str]) -> DryRun:
    rate = min(facts.rate, Fraction(MAX_RATE)) if facts.rate > MAX_RATE * Fraction(11, 10) else facts.rate
    video = _at_rate(facts, rate)
    renditions = ladder(facts.video.width, facts.video.height, rate, resolutions)
    return DryRun(renditions, cpu_seconds(video, size, renditions), bytes_stored(video, size, renditions))


def _at_rate(facts: Unprobed, rate: Fraction) -> Unprobed:
    """The facts with as many frames as are encoded."""
    return replace(facts, frames=max(1, min(facts.frames, round(facts.seconds * rate))))


def _lacking(wanted: Range | None) -> Verdict:
    return Verdict("unknown", ("its index is not there yet",), wanted=wanted)


def _worth_asking(source: SparseBytes) -> Range | None:
    """What to ask for when the reader came to `missing`; None when it is more than may be sent.

    The reader wants a few bytes to see what follows; behind the media that is mostly the index, to the end.
    """
    if source.missing is None or source.missing[1] > MOST_BYTES:
        return None
    start, length = source.missing
    to_the_end = source.size - start
    return start, to_the_end if to_the_end <= MOST_BYTES else max(length, HEAD_BYTES)

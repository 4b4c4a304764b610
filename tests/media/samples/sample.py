"""What a sample is: a recipe for one odd, broken or hostile file, and how that file must end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playhead.model.errors import ERRORS
from tests.media.samples.cache import Cache
from tests.media.samples.recipes import Recipe

CATEGORIES = ("odd", "broken", "reference", "bombs", "injection", "mutations")


@dataclass(frozen=True)
class Ready:
    """The file becomes a video.

    `width` and `height` are of the picture as displayed: after cropping, rotation and sample aspect
    ratio, before the product makes them even. `duration_seconds` is the presentation's: from its first
    picture or sound to its last. `frames` are the pictures a viewer sees, None where that is a matter of
    taste (interlace) or of luck (damage).
    """

    width: int
    height: int
    duration_seconds: float
    tolerance_seconds: float = 0.1
    frames: int | None = None
    has_audio: bool = True
    marks: bool = True
    """Whether the four corner patches of `pictures.Picture` can be seen, in the displayed orientation."""
    sound_starts_seconds: float | None = 0.0
    """When the tone begins in what is made, counted from the first picture; None where times are lost.

    Never below zero: while only sound has begun, the first picture is shown already.
    """
    only_sound: bool = False
    """Whether the file has no pictures: what is shown then is its waveform."""


@dataclass(frozen=True)
class Failed:
    """The file is refused with one code of the error table."""

    code: str

    def __post_init__(self) -> None:
        if self.code not in ERRORS:
            raise ValueError(f"{self.code} is not in the error table")


@dataclass(frozen=True)
class Ended:
    """Damage without a single right answer: ready in any shape, or failed with one of these codes.

    What is asserted is that it ends, quickly, and by name.
    """

    codes: frozenset[str] = frozenset(
        {
            "not_a_video",
            "empty_file",
            "unsupported_format",
            "unsupported_codec",
            "corrupt_file",
            "encrypted_file",
            "no_video_stream",
            "no_frames",
            "reference_refused",
            "limit_dimensions",
            "limit_duration",
            "limit_streams",
            "limit_frame_rate",
            "decode_timeout",
            "resource_limit",
        }
    )


Outcome = Ready | Failed | Ended


@dataclass(frozen=True)
class Sample:
    """One file and its expected ending.

    `filename` is the name a user would upload it under, which may be hostile; on disk the file has a
    harmless name with the same suffix. `expect` is a tuple only where several endings are truly
    arguable. `why` says what is being tried.
    """

    name: str
    category: str
    filename: str
    make: Recipe
    expect: Outcome | tuple[Outcome, ...]
    why: str = ""

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            raise ValueError(f"{self.category} is not a category")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every acceptable ending."""
        return self.expect if isinstance(self.expect, tuple) else (self.expect,)

    @property
    def ready(self) -> Ready | None:
        """The one exact success this sample may have, if any."""
        return next((o for o in self.outcomes if isinstance(o, Ready)), None)

    @property
    def codes(self) -> frozenset[str]:
        """The error codes this sample may end with."""
        found: set[str] = set()
        for outcome in self.outcomes:
            if isinstance(outcome, Failed):
                found.add(outcome.code)
            elif isinstance(outcome, Ended):
                found |= outcome.codes
        return frozenset(found)

    @property
    def may_be_ready(self) -> bool:
        """Whether becoming a video is acceptable at all."""
        return any(not isinstance(o, Failed) for o in self.outcomes)

    def path(self, cache: Cache | None = None) -> Path:
        """The file, made now or taken from the cache."""
        return (cache or Cache()).take(self.make, self.filename)

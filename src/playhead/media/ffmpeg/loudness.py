"""Bringing sound to one loudness (EBU R 128) in two passes: it is measured, then turned up or down. Pure.

What is measured is what was encoded of the source first: a file of our own, so that no stranger's tags stand in the
messages that the measure is read from.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg.hardening import input_arguments
from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.model.errors import PlayheadError
from playhead.model.loudness import CEILING_DBTP, TARGET_LUFS

_NARROWEST_RANGE, _WIDEST_RANGE = 7.0, 20.0
"""Loudness units that the filter takes as the range to keep to."""
_FIELDS = ("input_i", "input_tp", "input_lra", "input_thresh", "target_offset")


@dataclass(frozen=True)
class Heard:
    """What was measured of a sound."""

    integrated: float
    """Programme loudness in LUFS."""
    peak: float
    """The true peak in dBTP."""
    range: float
    """Loudness range in LU."""
    threshold: float
    """Below which nothing counts, in LUFS."""
    offset: float
    """What the filter's own second pass would be off by, in LU."""


def measure_invocation(encoded: Path, limits: Limits) -> Invocation:
    """Measure a sound that we encoded; read the messages with `read_measure`."""
    arguments = (
        *("-hide_banner", "-v", "info"),  # the filter tells what it measured as information
        *input_arguments("mov"),
        *("-i", str(encoded)),
        *("-map", "0:a:0"),
        *("-af", f"loudnorm={_aim(TARGET_LUFS)}:print_format=json"),
        *("-f", "null", "-"),
    )
    return Invocation("ffmpeg", arguments, reads=(encoded,), limits=limits)


def read_measure(messages: str) -> Heard | None:
    """What was measured; None of silence, and of what is too short to have a loudness.

    Raises:
        PlayheadError: `internal_error` when the filter did not say.
    """
    start, end = messages.rfind("{"), messages.rfind("}")
    try:
        told = json.loads(messages[start : end + 1])
        numbers = [float(told[name]) for name in _FIELDS]
    except (ValueError, KeyError, TypeError) as error:
        raise PlayheadError("internal_error", "The loudness could not be measured.") from error
    heard = Heard(*numbers)
    if not all(map(math.isfinite, numbers)) or heard.integrated <= heard.threshold:
        return None
    return heard


def normalising(heard: Heard, aim: float = TARGET_LUFS) -> str:
    """The filter that brings sound of that measure to `aim`, in LUFS.

    By one gain for all of it where its peaks allow; where they would exceed the ceiling the filter follows the sound.
    """
    # A range that the sound keeps to already, or it would be squeezed into a narrower one.
    keep = min(max(heard.range + 1, _NARROWEST_RANGE), _WIDEST_RANGE)
    measured = (
        f"measured_I={heard.integrated:.2f}:measured_TP={heard.peak:.2f}:measured_LRA={heard.range:.2f}"
        f":measured_thresh={heard.threshold:.2f}:offset={heard.offset:.2f}"
    )
    return f"loudnorm={_aim(aim)}:LRA={keep:.1f}:{measured}:linear=true"


def _aim(loudness: float) -> str:
    return f"I={min(-5.0, max(-70.0, loudness)):g}:TP={CEILING_DBTP:g}"  # the loudest and quietest it takes

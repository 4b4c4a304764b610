"""Encoding the sound of a source, as loud as it came or as loud as every other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from playhead.media.ffmpeg.encode import AUDIO_BIT_RATE, ChunkInput, audio_invocation
from playhead.media.ffmpeg.invocation import MIB, Limits
from playhead.media.ffmpeg.loudness import Heard, measure_invocation, normalising, read_measure
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.model.loudness import TARGET_LUFS
from playhead.model.plan import TIMESCALE, Plan

QUIET_SECONDS = 60
"""ffmpeg is killed after this long without a new frame."""
ALLOWANCE_SECONDS = 300
"""Seconds of wall time that any encode may take, on top of what its length allows."""
NEAR_ENOUGH = 0.5
"""Loudness units off the target that nobody hears."""
CORRECTIONS = 2


async def encode_sound(
    sandbox: Sandbox,
    source: ChunkInput,
    plan: Plan,
    output: Path,
    sample_rate: int,
    lasts: float | None,
    *,
    cuts: Sequence[float] = (),
    filled: bool = False,
) -> None:
    """Encode a whole sound into `output`, brought to one loudness where the plan says so.

    `lasts` is when it ends, in seconds from the timeline's beginning; None when its packets cannot tell. `cuts` and
    `filled` are as for `audio_invocation`.

    Then what was made is measured again: a limiter that has much to do leaves it too quiet, and it is aimed higher.

    Raises:
        PlayheadError: as `run`.
    """
    limits = _limits(plan.duration / TIMESCALE if lasts is None else lasts)
    encode = partial(audio_invocation, source, plan, output, sample_rate, lasts, limits, filled=filled)
    await run(encode(cuts=cuts), sandbox=sandbox)
    heard = await _measured(sandbox, output, limits) if plan.normalised else None
    if heard is None:
        return
    aim = TARGET_LUFS
    for _ in range(1 + CORRECTIONS):
        await run(encode(loudness=normalising(heard, aim)), sandbox=sandbox)
        made = await _measured(sandbox, output, limits)
        if made is None or abs(TARGET_LUFS - made.integrated) <= NEAR_ENOUGH:
            return
        aim += TARGET_LUFS - made.integrated


async def _measured(sandbox: Sandbox, encoded: Path, limits: Limits) -> Heard | None:
    return read_measure((await run(measure_invocation(encoded, limits), sandbox=sandbox)).messages)


def _limits(seconds: float) -> Limits:
    file_bytes = most_bytes(seconds, AUDIO_BIT_RATE)
    return Limits(
        wall_seconds=ALLOWANCE_SECONDS + 2 * seconds,
        quiet_seconds=QUIET_SECONDS,
        file_bytes=file_bytes,
        scratch_bytes=2 * file_bytes,  # the whole, and its stretches
    )


def most_bytes(seconds: float, bit_rate: int) -> int:
    """What an output may take before it is stopped: twice its ceiling, and what headers and single frames take."""
    return 64 * MIB + int(seconds * bit_rate / 4)

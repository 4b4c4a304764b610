"""Test media: odd, broken and hostile files, each made from a recipe and with the ending it must have.

    from tests.media.samples import SAMPLES, sample
    for each in SAMPLES: each.path(), each.expect
    sample("rotate_90").path()

Made files are kept under `.cache/media`. Hostile references need something to aim at and are made by
`references.reference_samples(canary)`; real clips come from packages (`real.clip`); more damage than is
listed here comes from `mutations.mutations(per_seed, first)`.
"""

from __future__ import annotations

from tests.media.samples import (
    bombs,
    broken,
    colours,
    containers,
    indexes,
    injections,
    malformed,
    rates,
    shapes,
    sounds,
    timing,
    tracks,
)
from tests.media.samples.cache import Cache
from tests.media.samples.mutations import mutations
from tests.media.samples.sample import CATEGORIES, Ended, Failed, Outcome, Ready, Sample

SAMPLES: tuple[Sample, ...] = (
    *rates.SAMPLES,
    *shapes.SAMPLES,
    *sounds.SAMPLES,
    *containers.SAMPLES,
    *timing.SAMPLES,
    *colours.SAMPLES,
    *tracks.SAMPLES,
    *broken.SAMPLES,
)
"""Categories odd and broken: what honest users upload."""

HOSTILE: tuple[Sample, ...] = (
    *bombs.SAMPLES,
    *malformed.SAMPLES,
    *indexes.SAMPLES,
    *injections.SAMPLES,
    *mutations(),
)
"""Categories bombs, injection and mutations: what nobody uploads by accident."""


def sample(name: str) -> Sample:
    """The sample of that name; KeyError when there is none."""
    return {each.name: each for each in (*SAMPLES, *HOSTILE)}[name]


__all__ = [
    "CATEGORIES",
    "HOSTILE",
    "SAMPLES",
    "Cache",
    "Ended",
    "Failed",
    "Outcome",
    "Ready",
    "Sample",
    "sample",
]

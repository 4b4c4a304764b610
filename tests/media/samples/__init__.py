"""Test media: odd, broken and hostile files, each made from a recipe and with the ending it must have.

    from tests.media.samples import SAMPLES, sample
    for each in SAMPLES: each.path(), each.expect
    sample("rotate_90").path()

Hostile references need to know what to aim at (`references.reference_samples`); real clips come from
packages (`real.clip`); seeded damage comes from `mutations`.
"""

from __future__ import annotations

from tests.media.samples import broken, colours, containers, rates, shapes, sounds, timing, tracks
from tests.media.samples.cache import Cache
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


def sample(name: str) -> Sample:
    """The sample of that name; KeyError when there is none."""
    found = {each.name: each for each in SAMPLES}
    return found[name]


__all__ = ["CATEGORIES", "SAMPLES", "Cache", "Ended", "Failed", "Outcome", "Ready", "Sample", "sample"]

"""Every odd and broken sample through a real server: ready and right, or failed by name; never stuck."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.journeys import parade
from tests.live import Live
from tests.media.samples import SAMPLES, Sample
from tests.media.samples.often import OFTEN, is_tried_often

WITHIN = 300.0
"""Seconds until all of them must be over; they are sent at once and wait for each other."""


def _param(sample: Sample) -> object:
    return pytest.param(sample, id=sample.name, marks=() if is_tried_often(sample) else pytest.mark.soak)


@pytest.fixture(scope="module")
def sent(request: pytest.FixtureRequest, live_server: Live) -> dict[str, tuple[str | None, str | None]]:
    """By sample, its video's id, or the code it was refused with at once."""
    return parade.together(live_server, parade.chosen(request))


@pytest.mark.parametrize("sample", [_param(each) for each in SAMPLES])
def test_a_sample_ends_well_or_by_name(
    sample: Sample, sent: dict[str, tuple[str | None, str | None]], live_server: Live, tmp_path: Path
) -> None:
    ending = parade.ended(live_server, sent[sample.name], time.monotonic(), WITHIN)
    assert parade.disagreements(sample, ending, tmp_path) == []
    if sample.name == "sound_unknown":
        assert ending.video["source"]["notes"] == [
            "A sound in g723_1 cannot be decoded here and is left out."
        ]


def test_those_run_often_exist() -> None:
    assert {each.name for each in SAMPLES} >= OFTEN

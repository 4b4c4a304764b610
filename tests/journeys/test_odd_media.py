"""Every odd and broken sample through a real server: ready and right, or failed by name; never stuck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import drive
from tests.journeys.judge import RESOLUTION, judge
from tests.live import Live
from tests.media.samples import SAMPLES, Sample

WITHIN = 300.0
"""Seconds until all of them must be over; they are sent at once and wait for each other."""


@pytest.fixture(scope="module")
def sent(live_server: Live) -> dict[str, str | dict[str, Any]]:
    """Sample → its video's id, or the problem document when the file was refused at once."""
    outcomes: dict[str, str | dict[str, Any]] = {}
    with live_server.http() as client:
        for sample in SAMPLES:
            created = drive.create(client, sample.path(), [RESOLUTION], filename=sample.filename)
            if sample.path().stat().st_size:
                assert drive.send(created, sample.path()).status_code == 200
            completed = client.post(f"/api/video/{created['id']}/complete-upload")
            outcomes[sample.name] = created["id"] if completed.status_code == 201 else completed.json()
    return outcomes


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_ends_well_or_by_name(
    sample: Sample, sent: dict[str, str | dict[str, Any]], live_server: Live, tmp_path: Path
) -> None:
    outcome = sent[sample.name]
    if isinstance(outcome, dict):
        assert outcome["code"] in sample.codes, outcome
        return
    with live_server.http() as client:
        video = drive.wait(client, outcome, WITHIN)
        assert judge(sample, video, tmp_path) == []

"""Every odd and broken sample through a real server: ready and right, or failed by name; never stuck."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from playhead.processing.preflight import MOST_BYTES
from tests import drive
from tests.journeys import parade
from tests.live import Live
from tests.media.samples import SAMPLES, Sample, sample
from tests.media.samples.often import OFTEN, is_tried_often

WITHIN = 300.0
"""Seconds until all of them must be over; they are sent at once and wait for each other."""

# What preflight says of one of each kind; `tests/processing/test_preflight.py` has all of them.
SAID_BEFOREHAND = {
    "no_audio": "fit",
    "sound_three_tracks": "fit",
    "only_sound_m4a_with_cover": "fit",
    "mkv": "fit",
    "sar_rotated": "encode",
    "hevc_10_bit": "encode",
    "h264_4_2_2_10_bit": "encode",
    "rotate_90": "encode",
    "prores_4444_alpha": "encode",
    "webm_vp9": "encode",
    "text": "refused",
    "empty": "refused",
    "encrypted": "refused",
    "cut_moov_first_50": "refused",
}


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


@pytest.mark.parametrize("name", SAID_BEFOREHAND)
def test_a_sample_becomes_what_was_said_beforehand(
    name: str, sent: dict[str, tuple[str | None, str | None]], live_server: Live
) -> None:
    data = sample(name).path().read_bytes()
    with live_server.http() as client:
        shown = {0: data[:MOST_BYTES]}
        told = drive.preflight(
            client, "/v1/preflight", len(data), shown, resolutions=parade.RESOLUTION
        ).json()
    ending = parade.ended(live_server, sent[name], time.monotonic(), WITHIN)
    assert told["verdict"] == SAID_BEFOREHAND[name]
    if told["verdict"] == "refused":
        assert told["error"]["code"] == ending.code
        return
    assert (ending.code, ending.video["source"]["reasons"]) == (None, told["reasons"])
    assert ending.video["source"]["served_as_it_is"] == (told["verdict"] == "fit")
    if told["source"] is not None:
        _hold(told, ending.video, len(data))


def _hold(told: dict[str, Any], video: dict[str, Any], size: int) -> None:
    source, plan = told["source"], told["plan"]
    for field in ("width", "height", "video_codec", "audio_codec"):
        assert source[field] == video["source"][field]
    [planned], [made] = plan["renditions"], video["renditions"]
    fields = ("width", "height", "note")
    assert [planned[field] for field in fields] == [made[field] for field in fields]
    poster = len(httpx.get(video["poster_url"]).content)
    assert plan["bytes"]["low"] <= size + made["size_bytes"] + poster <= plan["bytes"]["high"]


def test_those_run_often_exist() -> None:
    assert {each.name for each in SAMPLES} >= OFTEN
    assert {each.name for each in SAMPLES if is_tried_often(each)} >= SAID_BEFOREHAND.keys()

"""Every hostile sample through a real server: refused by name or harmless; nothing opened, called or left over.

Each is sent alone, so that what it takes is its own. A canary stands where the tricks aim.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys import parade
from tests.live import Live, serving
from tests.media.samples import HOSTILE, Cache, Sample
from tests.media.samples.canary import Canary
from tests.media.samples.references import reference_samples

WITHIN = 300.0
"""Seconds until all of them must be over; they are sent at once and wait for each other."""

OFTEN = frozenset(
    {
        *("bomb_100_hours", "bomb_header_says_100_hours", "bomb_empty_edit_for_ever", "bomb_many_edits"),
        *("bomb_gif_endless", "bomb_gif_no_delay", "bomb_90000_fps", "bomb_no_time", "bomb_avi_slow"),
        *("bomb_wide", "bomb_gif_giant", "bomb_apng_giant", "bomb_mjpeg_giant", "bomb_header_giant"),
        *("bomb_sar_tall", "bomb_900_streams", "bomb_100_streams_mkv", "bomb_table_stts", "bomb_table_elst"),
        *("bomb_one_size_for_all", "bomb_fragment_trun", "bomb_deep", "bomb_many_boxes"),
        *("bomb_header_packed_bomb", "bomb_icc", "bomb_mkv_element", "bomb_ts_tables", "bomb_h264_garbage"),
        *("bomb_avi_piece_again", "bomb_mkv_laces", "bomb_mkv_rate_nan", "bomb_mkv_voids"),
        *("inject_mp4_ansi", "inject_mp4_long", "inject_mkv_crlf", "inject_mkv_bidi", "inject_mkv_shell"),
        *("inject_name_script", "inject_name_traversal", "inject_name_sql", "inject_name_shell"),
        *("inject_name_ansi", "inject_name_crlf", "inject_name_long", "inject_name_nul", "inject_name_dots"),
        *("inject_name_empty", "inject_raw_nul", "inject_raw_not_utf8", "inject_raw_c1", "inject_chapter"),
        *("inject_subtitle", "inject_language", "inject_handler", "inject_codec"),
        *("mutation_avi_8", "mutation_avi_14"),  # clocks torn so that ffmpeg would make frames for ever
    }
)
MUTATIONS_OF_EACH = 1
"""How many of each seed's mutations run often, beside those above."""


class _Nowhere(Canary):
    """A canary that is not there, to learn the names of the tricks."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.port, self.stream = 1, b""


ONE_REFERENCE_IN = 3
"""How many of the tricks run often through a server; the sandbox and the lists are tried on more of them apart."""
REFERENCES = [each.name for each in reference_samples(_Nowhere())]


def _param(sample: Sample) -> object:
    number = sample.name.rpartition("_")[2]
    few = sample.category == "mutations" and int(number) < MUTATIONS_OF_EACH
    often = few or sample.name in OFTEN
    return pytest.param(sample, id=sample.name, marks=() if often else pytest.mark.soak)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    # Readable by whoever looks, so that only the defences keep it unread.
    with tempfile.TemporaryDirectory(prefix="playhead-canary-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Canary(Path(folder)) as bait:
            yield bait


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server of its own, whose log and leftovers are of these samples alone."""
    with serving(tmp_path_factory.mktemp("hostile")) as live:
        yield live


@pytest.fixture(scope="module")
def sent(request: pytest.FixtureRequest, server: Live) -> dict[str, tuple[str | None, str | None]]:
    """By sample, its video's id, or the code it was refused with at once."""
    return parade.together(server, parade.chosen(request))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if number % ONE_REFERENCE_IN == 0 else pytest.mark.soak)
        for number, name in enumerate(REFERENCES)
    ],
)
def test_a_reference_is_refused_and_never_followed(
    name: str, server: Live, canary: Canary, tmp_path: Path
) -> None:
    sample = next(each for each in reference_samples(canary) if each.name == name)
    canary.opens(), canary.contacts()
    ending = parade.alone(server, sample, Cache(tmp_path), WITHIN)
    assert parade.disagreements(sample, ending, tmp_path) == []
    assert (canary.opens(), canary.contacts()) == (0, [])


@pytest.mark.parametrize("sample", [_param(each) for each in HOSTILE])
def test_a_hostile_file_ends_by_name_or_is_harmless(
    sample: Sample, sent: dict[str, tuple[str | None, str | None]], server: Live, tmp_path: Path
) -> None:
    ending = parade.ended(server, sent[sample.name], time.monotonic(), WITHIN)
    assert parade.disagreements(sample, ending, tmp_path) == []


def test_nothing_is_left_and_nobody_fell(server: Live) -> None:
    """Runs last: no process ended, nothing in the scratch, no line of the log that a text got into."""
    scratch = server.data / "scratch"
    deadline = time.monotonic() + WITHIN
    while (left := [path for path in scratch.rglob("*") if path.is_file() and path.name != "lock"]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.1)
    assert left == []
    said = server.output()
    assert "is started again" not in said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line for line in lines if line["level"] in ("error", "critical")] == []
    assert not any(char in said for char in "\x1b\x07\x08\x7f\x9b\u202e\u2028")


def test_those_run_often_exist() -> None:
    assert {each.name for each in HOSTILE} >= OFTEN

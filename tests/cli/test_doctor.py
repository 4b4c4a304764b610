"""`playhead doctor` says what is missing, in sentences, and fails when it cannot be done without."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from playhead.app.doctor import DECODERS, ENCODERS, FILTERS, judged_disk, judged_features
from playhead.media.ffmpeg.features import Features
from playhead.media.ffmpeg.tools import Tools
from playhead.settings import GIB
from tests.cli.terminal import Terminal, terminal
from tests.s3 import SeaweedFS, settings_of

__all__ = ["terminal"]

TOOLS = Tools(Path("/usr/bin/ffmpeg"), Path("/usr/bin/ffprobe"))
COMPLETE = Features(
    version="7.1",
    encoders=frozenset(ENCODERS),
    decoders=frozenset(DECODERS),
    demuxers=frozenset(),
    muxers=frozenset(),
    filters=frozenset(FILTERS),
)
GOLDEN = Path(__file__).parents[1] / "golden/argv"
QUOTED = re.compile(r"'[^']*'")
FILTER = re.compile(r"(?:^|[,;\]])([a-z0-9_]+)(?==|,|;|\[|$)")
"""A filter's name in a graph: behind another, or behind what goes into it."""
ABOUT = ["ffmpeg", "encoders", "sandbox", "database", "disk", "pages"]


def test_this_machine_is_fit(terminal: Terminal, database_url: str) -> None:
    done = terminal("doctor", DATABASE_URL=database_url)
    assert done.code == 0, done.out
    lines = done.lines
    assert [line.split()[1] for line in lines] == ABOUT
    assert all(line.endswith((".", "run`.", ")")) for line in lines)
    assert "MISSING" not in done.out


def test_every_filter_that_is_used_is_looked_for() -> None:
    assert set(FILTERS) == {
        name
        for path in GOLDEN.glob("*.json")
        for option, given in pairwise(json.loads(path.read_text())["arguments"])
        if option in ("-filter_complex", "-vf", "-af")
        for name in FILTER.findall(QUOTED.sub("", given))
    }


def test_json_is_one_line(terminal: Terminal, database_url: str) -> None:
    (found,) = terminal("doctor", "--json", DATABASE_URL=database_url).json
    assert found["fit"] is True
    assert [finding["about"] for finding in found["findings"]] == ABOUT
    assert set(found["findings"][0]) == {"about", "verdict", "sentence"}


def test_no_ffmpeg_and_no_database_are_told_and_fail(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = terminal("doctor", "--json", DATABASE_URL="postgresql://playhead:hunter22@127.0.0.1:9/playhead")
    (found,) = done.json
    assert done.code == 1
    assert found["fit"] is False
    verdicts = {finding["about"]: finding["verdict"] for finding in found["findings"]}
    assert (verdicts["ffmpeg"], verdicts["database"]) == ("missing", "missing")
    told = " ".join(finding["sentence"] for finding in found["findings"])
    assert "ffmpeg and ffprobe are not on PATH" in told
    assert "The database cannot be reached." in told
    assert "hunter22" not in told


def test_a_database_to_be_migrated_is_noted(terminal: Terminal, database_url: str) -> None:
    empty = database_url.rpartition("/")[0] + "/postgres"
    done = terminal("doctor", DATABASE_URL=empty)
    (line,) = [line for line in done.lines if " database " in line]
    assert line.startswith("note")
    assert "`playhead migrate`" in line


def test_the_embedded_database_is_tried_without_leaving_a_trace(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal("doctor", "--data", tmp_path / "data")
    (line,) = [line for line in done.lines if " database " in line]
    assert line.startswith("ok")
    assert not (tmp_path / "data").exists()


def test_a_full_build_has_nothing_to_note() -> None:
    assert [finding.verdict for finding in judged_features(TOOLS, COMPLETE)] == ["ok", "ok"]


def test_a_build_without_an_encoder_is_not_enough() -> None:
    lacking = replace(
        COMPLETE, encoders=COMPLETE.encoders - {"libx264"}, filters=COMPLETE.filters - {"bwdif"}
    )
    finding = next(each for each in judged_features(TOOLS, lacking) if each.about == "encoders")
    assert finding.verdict == "missing"
    assert "without libx264, bwdif" in finding.sentence


def test_a_build_without_a_decoder_is_worth_a_word() -> None:
    one_av1 = replace(COMPLETE, decoders=COMPLETE.decoders - {"av1"})
    assert len(judged_features(TOOLS, one_av1)) == 2
    no_av1 = replace(COMPLETE, decoders=COMPLETE.decoders - {"av1", "libdav1d", "hevc"})
    finding = judged_features(TOOLS, no_av1)[-1]
    assert (finding.about, finding.verdict) == ("decoders", "note")
    assert "hevc, av1" in finding.sentence


@pytest.mark.parametrize(("free", "verdict"), [(GIB // 2, "missing"), (2 * GIB, "note"), (20 * GIB, "ok")])
def test_disk_space_is_judged(free: int, verdict: str) -> None:
    finding = judged_disk(Path("/data"), free)
    assert finding.verdict == verdict
    assert f"{free / GIB:.1f} GiB" in finding.sentence


def test_a_bucket_is_tried(terminal: Terminal, database_url: str, seaweedfs: SeaweedFS) -> None:
    given = settings_of(seaweedfs.bucket())
    done = terminal("doctor", DATABASE_URL=database_url, **given)
    assert done.code == 0, done.out
    assert "can be written to, read and deleted from" in done.out
    done = terminal("doctor", DATABASE_URL=database_url, **{**given, "S3_SECRET_KEY": "another-hunter22"})
    assert done.code == 1
    assert "SignatureDoesNotMatch" in done.out
    assert "hunter22" not in done.out

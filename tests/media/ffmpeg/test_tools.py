import os
import sys
from pathlib import Path

import pytest

from playhead.media.ffmpeg.features import Features, inspect, names_of, require_recent
from playhead.media.ffmpeg.tools import Tools, find_tools, system_program
from playhead.model.errors import PlayheadError


def _programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.media.ffmpeg.tools._WHEEL_PACKAGE", "playhead_has_no_such_wheel")


def test_programs_on_path_come_first(tmp_path: Path) -> None:
    real = _programs(tmp_path / "env" / "bin", "ffmpeg", "ffprobe")
    (tmp_path / "env" / "lib").mkdir()
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        (linked / name).symlink_to(real / name)
    found = find_tools(str(linked))
    assert found == Tools(real / "ffmpeg", real / "ffprobe", libraries=(tmp_path / "env" / "lib",))


def test_the_systems_own_libraries_need_no_mention() -> None:
    assert find_tools().libraries == ()


def test_both_come_from_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "site" / "wheel_of_both"
    machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
    _programs(wheel, f"ffmpeg-linux-{machine}", f"ffprobe-linux-{machine}", "__init__.py")
    monkeypatch.setattr("playhead.media.ffmpeg.tools._WHEEL_PACKAGE", "wheel_of_both")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    only_one = _programs(tmp_path / "bin", "ffmpeg")
    found = find_tools(str(only_one))
    assert (found.ffmpeg.parent, found.ffprobe.parent) == (wheel, wheel)


@pytest.mark.usefixtures("no_wheel")
def test_what_to_install_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match=r"ffmpeg package, or playhead\[static\]") as raised:
        find_tools(str(tmp_path))
    assert raised.value.code == "tool_missing"


def test_a_missing_small_program_is_named() -> None:
    with pytest.raises(PlayheadError, match="playhead-has-no-such-program is not installed"):
        system_program("playhead-has-no-such-program")


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", "5.1.9-0+deb12u1"),
        ("ffmpeg version n8.1.2 Copyright", "n8.1.2"),
        ("ffmpeg version 10.0 Copyright", "10.0"),
        ("ffmpeg version N-120000-gabc Copyright\n  libavutil      59.  8.100 / 59.  8.100", "N-120000-gabc"),
    ],
)
def test_recent_versions_are_taken(answer: str, version: str) -> None:
    assert require_recent("ffmpeg", answer) == version


@pytest.mark.parametrize(
    "answer",
    [
        "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright",
        "ffmpeg version 5.0.3 Copyright",
        "ffmpeg version N-90000-gabc Copyright\n  libavutil      56. 70.100",
        "ffmpeg version git-2018 Copyright",
        "ffprobe version 5.1 Copyright",
        "bash: command not found",
        "",
    ],
)
def test_old_or_strange_ones_are_refused(answer: str) -> None:
    with pytest.raises(PlayheadError) as raised:
        require_recent("ffmpeg", answer)
    assert raised.value.code == "tool_missing"


def test_names_are_read_from_each_kind_of_list() -> None:
    encoders = "Encoders:\n V..... = Video\n ------\n V....D libx264   libx264 H.264\n A....D aac   AAC\n"
    demuxers = "File formats:\n D. = Demuxing\n --\n D  mov,mp4,3gp QuickTime / MOV\n D  avi  AVI\n"
    filters = "Filters:\n  T.. = Timeline\n ... scale   V->V   Scale the input\n TSC yadif V->V Deint\n"
    assert names_of(encoders) == {"libx264", "aac"}
    assert names_of(demuxers) == {"mov", "mp4", "3gp", "avi"}
    assert names_of(filters) == {"scale", "yadif"}


async def test_this_machines_ffmpeg_can_do_what_we_need() -> None:
    features = await inspect(find_tools())
    assert features.missing(encoders=("libx264", "aac"), filters=("scale", "yadif", "zscale")) == ()
    assert {"h264", "hevc", "aac"} <= features.decoders
    assert {"mov", "matroska"} <= features.demuxers
    assert {"mp4", "null"} <= features.muxers


def test_what_is_missing_is_told_in_order() -> None:
    none = frozenset[str]()
    features = Features("5.1", frozenset({"aac"}), none, none, none, frozenset({"scale"}))
    wanted = features.missing(encoders=("libx265", "aac", "libx264"), filters=("zscale", "scale"))
    assert wanted == ("libx265", "libx264", "zscale")


async def test_something_else_under_the_name_is_refused(tmp_path: Path) -> None:
    folder = _programs(tmp_path, "ffmpeg", "ffprobe")
    with pytest.raises(PlayheadError, match="does not answer like it"):
        await inspect(Tools(folder / "ffmpeg", folder / "ffprobe"))

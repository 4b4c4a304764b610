"""`playhead upload` as a shell sees it: what is on stdout, what is on stderr, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live import Live

COMMAND = [sys.executable, "-m", "playhead", "upload"]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 320x240 H.264 without sound, in a file whose name rich would take for markup."""
    path = tmp_path_factory.mktemp("clip") / "[red]clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *coding, str(path)], check=True, timeout=60)
    return path


@pytest.fixture
def shell(live_server: Live, tmp_path: Path) -> dict[str, str]:
    """Variables of a shell that is set up for the live server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    return {
        **kept,
        "PLAYHEAD_PUBLIC_URL": live_server.url,
        "PLAYHEAD_API_KEY": live_server.key,
        "PLAYHEAD_DATA": str(tmp_path),
    }


def _upload(shell: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, env=shell, capture_output=True, text=True, timeout=120, check=False)


def test_json_is_one_line_for_each_video(shell: dict[str, str], clip: Path) -> None:
    done = _upload(shell, clip, clip, "--json", "--resolutions", "144p")

    assert done.returncode == 0, done.stderr
    videos = [json.loads(line) for line in done.stdout.splitlines()]
    assert [video["filename"] for video in videos] == ["[red]clip.mp4"] * 2
    assert videos[0]["id"] != videos[1]["id"]
    assert "[red]clip.mp4: sending" in done.stderr


def test_waiting_ends_with_urls_that_work(shell: dict[str, str], clip: Path) -> None:
    wish = ["--resolutions", "144p, 240p", "--thumbnails", "0,0.5", "--metadata", "post=a=b"]

    done = _upload(shell, clip, "--wait", *wish)

    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert re.fullmatch(r"[0-9a-f-]{36}  ready  \[red\]clip\.mp4", first)
    addresses = {line.split()[0]: line.split()[1] for line in lines}
    assert set(addresses) == {"page", "144p", "240p", "poster"}
    assert {httpx.get(url).status_code for url in addresses.values()} == {200}
    assert "\x1b" not in done.stdout + done.stderr

    told = _get(shell, f"/v1/videos/{first.split()[0]}")
    assert told["metadata"] == {"post": "a=b"}
    assert [len(made["thumbnail_urls"]) for made in told["renditions"]] == [2, 2]


def test_waiting_with_json_gives_the_finished_video(shell: dict[str, str], clip: Path) -> None:
    wish = ["--private", "--normalise", "--resolutions", "144p"]

    done = _upload(shell, clip, "--wait", "--json", "--quiet", *wish)

    video = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (video["status"], video["is_public"], video["loudness"]) == ("ready", False, "normalised")
    assert httpx.get(video["renditions"][0]["video_url"]).status_code == 200


def test_a_url_is_fetched_by_the_server(shell: dict[str, str], clip: Path) -> None:
    first = _upload(shell, clip, "--wait", "--json", "--resolutions", "144p")
    url = json.loads(first.stdout)["renditions"][0]["video_url"]

    done = _upload(
        shell, url, f"{shell['PLAYHEAD_PUBLIC_URL']}/nowhere", "--wait", "--json", "--resolutions", "144p"
    )

    assert done.returncode == 1
    good, bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert (good["status"], good["filename"], bad["error"]["code"]) == ("ready", "144p.mp4", "source_refused")
    assert "nowhere: " in done.stderr


def test_it_says_beforehand_what_will_become_of_a_file(shell: dict[str, str], clip: Path) -> None:
    asked = _upload(shell, clip, "--resolutions", "144p")
    silent = _upload(shell, clip, "--resolutions", "144p", "--quiet")
    unasked = _upload(shell, clip, "--resolutions", "144p", "--no-preflight")

    first, plan, *_ = asked.stderr.splitlines()
    assert first == "[red]clip.mp4: can be played as it is"
    assert re.fullmatch(
        r"\[red\]clip\.mp4: 144p 192x144; about \d+ s to \d+ s of one core, [\d.,]+ kB to [\d.,]+ kB of storage",
        plan,
    )
    assert silent.stderr == ""
    assert "can be played" not in unasked.stderr
    assert [done.returncode for done in (asked, silent, unasked)] == [0, 0, 0]


def test_a_terminal_gets_bars(shell: dict[str, str], clip: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, str(clip), "--wait", "--resolutions", "144p"]
    with subprocess.Popen(
        command, env={**shell, "TERM": "xterm", "COLUMNS": "100"}, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        shown = _read_all(ours)
        assert running.stdout is not None
        out = running.stdout.read()

    assert running.returncode == 0
    assert "━" in shown
    assert "[red]clip.mp4" in shown
    assert re.search(r"144p.*100%.*ready", shown)
    assert b"\x1b" not in out


def test_a_named_failure_ends_with_1_and_the_other_files_go_on(
    shell: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    text = tmp_path / "diary.mp4"
    text.write_text("Dear diary. " * 100)

    before = _listed(shell)

    done = _upload(shell, text, clip, "--json", "--quiet", "--resolutions", "144p")

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert len(_listed(shell) - before) == 1  # what is refused beforehand does not even become a video
    assert re.fullmatch(r"diary\.mp4: .+\. \(not_a_video\)\n", done.stderr)


def test_a_video_that_fails_in_processing_ends_with_1(
    shell: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes().replace(b"moov", b"lost"))

    # Beforehand it would be told that this file has lost its index.
    done = _upload(shell, broken, "--no-preflight", "--wait", "--json", "--quiet")

    video = json.loads(done.stdout)
    assert done.returncode == 1
    assert video["status"] == "fail"
    assert f"({video['error']['code']})" in done.stderr
    assert video["error"]["remedy"] in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name at least one file"),
        (["none.mp4"], "There is no file none.mp4."),
        (["{folder}"], "is a folder: name the files in it."),
        (["{clip}", "--thumbnails", "soon"], "--thumbnails takes seconds"),
        (["{clip}", "--metadata", "post"], "--metadata takes name=value."),
        (["{clip}", "--url", "127.0.0.1:8000"], "is not the address of a server"),
        (["{clip}", "--colour"], "--colour"),
        (["{clip}", "--parallel", "0"], "--parallel"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_a_wrong_command_line_ends_with_2(
    shell: dict[str, str], clip: Path, arguments: list[str], sentence: str
) -> None:
    done = _upload(shell, *(argument.format(clip=clip, folder=clip.parent) for argument in arguments))

    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""


def test_without_a_key_it_says_how_to_give_one(shell: dict[str, str], clip: Path) -> None:
    del shell["PLAYHEAD_API_KEY"]

    done = _upload(shell, clip)

    assert done.returncode == 2
    assert "give --key or set PLAYHEAD_API_KEY" in done.stderr


def test_the_key_kept_in_the_data_folder_is_used(
    shell: dict[str, str], live_server: Live, clip: Path, tmp_path: Path
) -> None:
    del shell["PLAYHEAD_API_KEY"]
    (tmp_path / "key").write_text(f"{live_server.key}\n")

    assert _upload(shell, clip, "--resolutions", "144p").returncode == 0


def test_a_wrong_key_and_a_missing_server_are_named(shell: dict[str, str], clip: Path) -> None:
    wrong = _upload(shell, clip, "--key", "wrong")
    nobody = _upload(shell, clip, "--url", "http://127.0.0.1:1")

    assert (wrong.returncode, nobody.returncode) == (1, 1)
    assert "(invalid_key)" in wrong.stderr
    assert "No server answers at http://127.0.0.1:1." in nobody.stderr


def test_ctrl_c_ends_with_130_and_leaves_no_half_video(shell: dict[str, str], tmp_path: Path) -> None:
    # Holes take no space here, and sending them takes longer than the interrupt does.
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(3 * 1024**3)
    before = _listed(shell)

    with subprocess.Popen(
        [*COMMAND, str(large), "--no-preflight", "--no-resume"],
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "sending" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()

    assert running.returncode == 130
    assert "Interrupted." in rest
    assert "Traceback" not in rest
    assert _listed(shell) == before


def _read_all(descriptor: int) -> str:
    blocks: list[bytes] = []
    while True:
        try:
            block = os.read(descriptor, 65536)
        except OSError:  # how Linux says that the last writer of a terminal is gone
            block = b""
        if not block:
            os.close(descriptor)
            return b"".join(blocks).decode()
        blocks.append(block)


def _listed(shell: dict[str, str]) -> set[str]:
    return {video["id"] for video in _get(shell, "/v1/videos?limit=100")["data"]}


def _get(shell: dict[str, str], path: str) -> Any:
    answer = httpx.get(shell["PLAYHEAD_PUBLIC_URL"] + path, headers={"X-API-KEY": shell["PLAYHEAD_API_KEY"]})
    answer.raise_for_status()
    return answer.json()

"""`playhead upload` on a slow line: interrupted and run again it goes on, and what it sends is watched meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from playhead.app import cluster as clusters
from playhead.client import AsyncClient, Client
from tests.client.relay import Relay, relay
from tests.days import DAY, Calendar
from tests.faults.stage import kill_tree, until
from tests.live import Live, free_port, start, stop
from tests.media.mp4.clips import X264, ffmpeg, picture

MIB = 1024 * 1024
SIZE = 24 * MIB
SLOW = 6 * MIB
"""Bytes a second of one connection, while something is to happen midway."""
PART = 5 * MIB
LATER = 6.9
"""Days."""
AROUND = MIB
"""Headers, questions, what preflight sends of such a file, and what was on its way when the line was cut."""


@dataclass
class Shore:
    """A server that is reached through a relay alone, and the shell of somebody who uploads to it."""

    live: Live
    relay: Relay
    shell: dict[str, str]
    state: Path
    settings: dict[str, str]

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """The command, to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.shell, capture_output=True, text=True, timeout=240, check=False
        )

    def begin(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """The command, under way."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.shell,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def command(*arguments: str | Path) -> list[str]:
        words = [sys.executable, "-m", "playhead", "upload", "--no-preflight", "--resolutions", "144p"]
        return [*words, *map(str, arguments)]

    def remembered(self) -> list[Path]:
        """The files of unfinished uploads."""
        return sorted((self.state / "playhead" / "uploads").glob("*.json"))

    def held(self) -> int:
        """How many bytes the server has of the one unfinished upload, safely."""
        [path] = self.remembered()
        begun: dict[str, Any] = json.loads(path.read_bytes())
        if begun.get("multipart"):
            many = begun["multipart"]
            url = f"{begun['upload']['url']}/s3/multipart/{many['uploadId']}"
            listed = httpx.get(url, params={"key": many["key"]}).raise_for_status().json()
            return sum(part["Size"] for part in listed)
        answer = httpx.put(begun["upload"]["url"], headers={"Content-Range": f"bytes */{SIZE}"})
        return int(answer.headers.get("range", "bytes=0--1").partition("-")[2]) + 1

    def stored(self, content: bytes) -> bool:
        """Whether a source with exactly these bytes is kept."""
        wanted = hashlib.sha256(content).digest()
        files = [path for path in (self.live.data / "storage").rglob("*") if path.is_file()]
        return any(
            hashlib.sha256(path.read_bytes()).digest() == wanted
            for path in files
            if path.stat().st_size == len(content)
        )

    def remember_in(self, state: Path) -> None:
        """From here on the command finds what it remembers there."""
        self.state = state
        self.shell["XDG_STATE_HOME"] = str(state)

    def restart(self) -> None:
        """The server again, after it was killed."""
        port = int(self.settings["port"])
        self.live = start(self.live.data, port=port, PUBLIC_URL=self.settings["public_url"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shore]:
    folder, port = tmp_path_factory.mktemp("shore"), free_port()
    with relay(("127.0.0.1", port)) as between:
        url = f"http://127.0.0.1:{between.port}"
        live = start(folder / "data", port=port, PUBLIC_URL=url)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
        shell = {
            **kept,
            "PLAYHEAD_PUBLIC_URL": url,
            "PLAYHEAD_API_KEY": live.key,
            "PLAYHEAD_DATA": str(folder / "nowhere"),
        }
        shore = Shore(live, between, shell, folder, {"port": str(port), "public_url": url})
        try:
            yield shore
        finally:
            assert stop(shore.live) == 0


@pytest.fixture
def shore(shared: Shore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shore]:
    shared.relay.per_second = SLOW
    shared.remember_in(tmp_path / "state")
    monkeypatch.setenv("XDG_STATE_HOME", str(shared.state))
    yield shared
    shared.relay.per_second = None


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A short film in a large file, other bytes in each test."""
    path = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=0.4"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *coding, str(path)], check=True, timeout=60)
    rest = SIZE - path.stat().st_size
    with path.open("ab") as file:
        file.write(rest.to_bytes(4, "big") + b"free" + os.urandom(rest - 8))
    return path


@pytest.fixture
def index_last(tmp_path: Path) -> Path:
    """Twenty seconds that can be played as they are, but whose index lies behind all the rest."""
    path = tmp_path / f"{uuid4()}.mp4"
    ffmpeg(*picture(20), *X264, "-g", "25", "-crf", "5", "-vf", "noise=alls=40:allf=t", path)
    content = path.read_bytes()
    assert content.index(b"mdat") < content.rindex(b"moov")
    return path


def _interrupted(shore: Shore, how: signal.Signals, *arguments: str | Path) -> str:
    """Begin, and end it by a signal once a third has arrived; what it said."""
    with shore.begin(*arguments) as running:
        until(
            lambda: running.poll() is not None or (shore.remembered() and shore.held() > SIZE // 3), "a third"
        )
        assert running.poll() is None, running.communicate()
        running.send_signal(how)
        said = running.communicate(timeout=120)[1]
    assert running.returncode == (130 if how == signal.SIGINT else -how)
    return said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("hands", [1, 3])
def test_it_goes_on_where_it_was_interrupted(
    shore: Shore, film: Path, how: signal.Signals, hands: int
) -> None:
    arguments = (film, "--parallel", str(hands))
    said = _interrupted(shore, how, *arguments)
    assert ("Run the same command again to go on." in said) == (how == signal.SIGINT)
    [remembered] = shore.remembered()
    assert shore.live.key not in remembered.read_text()
    assert remembered.stat().st_mode & 0o077 == 0
    shore.relay.per_second = None
    until(lambda: shore.relay.open == 0, "the end of what was on its way")
    held, before = shore.held(), shore.relay.taken
    assert held > SIZE // 3

    done = shore.run(*arguments)

    assert done.returncode == 0, done.stderr
    assert "film.mp4: going on, " in done.stderr
    assert shore.relay.taken - before <= SIZE - held + AROUND
    assert shore.stored(film.read_bytes())
    assert shore.remembered() == []


@pytest.mark.parametrize("manner", [(), ("--no-resume",), ("--parallel", "3")], ids=" ".join)
def test_a_film_with_its_index_last_is_watched_while_it_is_sent(
    shore: Shore, index_last: Path, manner: tuple[str, ...]
) -> None:
    size, before = index_last.stat().st_size, shore.relay.taken
    shore.relay.per_second = size / 8
    with (
        shore.live.http() as client,
        shore.begin(index_last, "--play-while-uploading", "--json", *manner) as running,
    ):

        def newest() -> dict[str, Any]:
            listed = client.get("/v1/videos?limit=1").json()["data"]
            return next((each for each in listed if each["filename"] == index_last.name), {})

        until(lambda: newest().get("playable_at"), "its beginning")
        taken, video = shore.relay.taken - before, newest()
        playlist = client.get(f"/v/{video['id']}/source.m3u8")
        shore.relay.per_second = None
        said = running.communicate(timeout=120)[0]
    # Sent in order, nobody could play it before its last byte is there.
    assert taken < size * 3 // 4
    assert (playlist.status_code, "#EXT-X-ENDLIST" in playlist.text) == (200, False)
    assert (running.returncode, json.loads(said)["id"]) == (0, video["id"])
    assert shore.stored(index_last.read_bytes())


@pytest.mark.soak
def test_days_later_it_goes_on_too(shore: Shore, film: Path, tmp_path: Path) -> None:
    """In order and by parts; the server was killed meanwhile, and has tidied up all that it tidies up."""
    database = clusters.url(clusters.socket_folder(shore.live.data))
    calendar = Calendar(database, shore.live.data, (shore.live.data / "secret").read_text().strip())
    other = film.with_name("other.mp4")
    other.write_bytes(film.read_bytes()[:-8] + os.urandom(8))
    sent = {1: film, 3: other}
    for hands, path in sent.items():
        shore.remember_in(tmp_path / f"state-{hands}")
        _interrupted(shore, signal.SIGKILL, path, "--parallel", str(hands))
    shore.relay.per_second = None
    until(lambda: shore.relay.open == 0, "the end of what was on its way")
    calendar.go_by(LATER)
    for remembered in tmp_path.glob("state-*/playhead/uploads/*.json"):
        remembered.write_text(calendar.older(remembered.read_text(), LATER))
        os.utime(remembered, (0, time.time() - LATER * DAY))
    weeds = calendar.plant()
    kill_tree(shore.live.process)
    shore.restart()
    until(weeds.are_gone, "everybody who tidies up")
    for hands, path in sent.items():
        shore.remember_in(tmp_path / f"state-{hands}")
        held, before = shore.held(), shore.relay.taken

        done = shore.run(path, "--parallel", str(hands))

        assert done.returncode == 0, done.stderr
        assert f"{path.name}: going on, " in done.stderr
        assert held > SIZE // 3
        assert shore.relay.taken - before <= SIZE - held + AROUND
        assert shore.stored(path.read_bytes())
        assert shore.remembered() == []


def test_a_server_that_is_killed_and_comes_back_is_waited_for(shore: Shore, film: Path) -> None:
    before = shore.relay.taken
    with shore.begin(film) as running:
        until(
            lambda: running.poll() is not None or (shore.remembered() and shore.held() > SIZE // 3), "a third"
        )
        kill_tree(shore.live.process)
        shore.restart()
        out, said = running.communicate(timeout=240)

    assert running.returncode == 0, said
    assert "film.mp4" in out
    assert shore.stored(film.read_bytes())
    # What was on its way when the server died was lost, and no more: it flushes four times a second.
    assert shore.relay.taken - before <= SIZE + SLOW


async def test_parts_go_side_by_side_from_an_event_loop_and_again_when_a_line_breaks(
    shore: Shore, film: Path
) -> None:
    told: list[int] = []
    # The first lines are questions; of those that carry parts some break midway.
    shore.relay.cuts = [None] * (shore.relay.connections + 1) + [2 * MIB, None, 3 * MIB]
    most = 0

    def on_progress(sent: int, size: int) -> None:
        nonlocal most
        assert size == SIZE
        told.append(sent)
        most = max(most, shore.relay.open)

    async with AsyncClient(shore.settings["public_url"], shore.live.key) as client:
        video = await client.upload(film, resolutions=["144p"], parallel=4, on_progress=on_progress)

    assert most >= 3
    assert max(told) == SIZE
    assert video.upload.received_bytes == SIZE
    assert shore.stored(film.read_bytes())
    assert shore.remembered() == []


@pytest.mark.parametrize("event_loop", [False, True])
async def test_where_the_store_cannot_be_reached_it_goes_through_the_server(
    shore: Shore, film: Path, event_loop: bool
) -> None:
    """The relay stands for the store: parts are signed for its address, and it hangs up on everybody."""
    shore.relay.per_second = None
    with Client(shore.live.url, shore.live.key, retries=0) as client:
        made = client.create_upload("film.mp4", SIZE, resolutions=["144p"])
        address = made.url.replace(shore.settings["public_url"], shore.live.url)
        upload = msgspec.structs.replace(made, url=address, direct=True)
        before = shore.relay.connections
        shore.relay.cuts = [0] * (before + 1000)
        if event_loop:
            async with AsyncClient(shore.live.url, shore.live.key, retries=0) as other:
                await other.send(upload, film)
        else:
            await asyncio.to_thread(client.send, upload, film)
        shore.relay.cuts = []
        assert shore.relay.connections > before
        assert client.complete_upload(upload.id).upload.received_bytes == SIZE
    assert shore.stored(film.read_bytes())


def test_a_file_that_has_changed_is_another_upload(shore: Shore, film: Path) -> None:
    _interrupted(shore, signal.SIGKILL, film)
    content = bytearray(film.read_bytes())
    content[-1] ^= 1
    film.write_bytes(content)
    shore.relay.per_second = None

    done = shore.run(film)

    assert done.returncode == 0, done.stderr
    assert "going on" not in done.stderr
    assert shore.stored(bytes(content))


def test_an_upload_that_is_gone_is_begun_anew(shore: Shore, film: Path) -> None:
    _interrupted(shore, signal.SIGKILL, film)
    begun = json.loads(shore.remembered()[0].read_bytes())
    with shore.live.http() as client:
        assert client.delete(f"/v1/videos/{begun['upload']['video_id']}").status_code == 204
    shore.relay.per_second = None

    done = shore.run(film)

    assert done.returncode == 0, done.stderr
    assert "going on" not in done.stderr
    assert shore.stored(film.read_bytes())


def test_what_was_complete_is_not_sent_again(shore: Shore, film: Path) -> None:
    shore.relay.per_second = None
    _interrupted_after_all(shore, film)
    before = shore.relay.taken

    done = shore.run(film, "--json")

    assert done.returncode == 0, done.stderr
    assert shore.relay.taken - before < MIB
    assert json.loads(done.stdout)["upload"]["received_bytes"] == SIZE
    assert shore.remembered() == []


def _interrupted_after_all(shore: Shore, film: Path) -> None:
    """As if it had been killed between completing and forgetting."""
    with shore.begin(film) as running:
        remembered = until(shore.remembered, "something to remember")[0]
        kept = remembered.read_bytes()
        assert running.wait(120) == 0
    remembered.write_bytes(kept)


def test_without_resuming_nothing_is_remembered_or_left(shore: Shore, film: Path) -> None:
    with shore.live.http() as client:
        listed = {video["id"] for video in client.get("/v1/videos?limit=100").json()["data"]}
        before = shore.relay.taken
        with shore.begin(film, "--no-resume") as running:
            until(lambda: running.poll() is not None or shore.relay.taken - before > SIZE // 4, "a quarter")
            running.send_signal(signal.SIGINT)
            assert running.communicate(timeout=60)[1].endswith("Interrupted.\n")
        assert shore.remembered() == []
        assert {video["id"] for video in client.get("/v1/videos?limit=100").json()["data"]} == listed

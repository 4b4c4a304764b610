"""Uploads that break off, collide, repeat and overreach: what was acknowledged stays, and nothing else does."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from tests import drive
from tests.faults.peak import Peak
from tests.faults.stage import RESOLUTIONS, Stage, clip, over, until
from tests.invariants import violations
from tests.media.mp4.clips import X264, ffmpeg, picture

CUTS = 20
MIB = 1024 * 1024
LARGE = 300 * MIB
MOST_GROWTH = 60 * MIB


class Sender:
    """A PUT made by hand, so that it can stop anywhere."""

    def __init__(self, created: dict[str, Any], length: int) -> None:
        url = urlsplit(created["uploadUrl"])
        head = f"PUT {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: {created['contentType']}\r\n"
        self._socket = socket.create_connection((url.hostname, url.port), timeout=60)
        self.send(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode())

    def send(self, data: bytes) -> None:
        """Send some more."""
        self._socket.sendall(data)

    def cut(self, *, rudely: bool) -> None:
        """End the connection, politely or by a reset."""
        if rudely:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def status(self) -> int:
        """The answer's status."""
        with self._socket, self._socket.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def upload_of(created: dict[str, Any]) -> str:
    """The id of the upload behind an upload URL."""
    return str(UUID(created["uploadUrl"].split("/uploads/")[1].split("/")[0]))


def arrived(stage: Stage, created: dict[str, Any]) -> list[str]:
    """What lies in the incoming folder of an upload."""
    folder = stage.data / "incoming" / upload_of(created)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_upload_that_breaks_off_again_and_again_arrives_in_the_end(stage: Stage, tmp_path: Path) -> None:
    chance, content = random.Random(8), clip(stage.folder).read_bytes()
    with stage.live.http() as client:
        created = stage.create(client)
        for number in range(CUTS):
            sender = Sender(created, len(content))
            sender.send(content[: chance.randrange(len(content))])
            sender.cut(rudely=bool(number % 2))
        until(lambda: arrived(stage, created) == [], "the end of all attempts")
        half = Sender(created, len(content))
        half.send(content[: len(content) // 2])
        until(lambda: arrived(stage, created), "an attempt under way")
        stage.process("web").send_signal(SIGKILL)
        half.cut(rudely=False)
        until(lambda: client.get("/healthz").status_code == 200, "a web process")
        sent = [stage.send(client, created)]
        assert over(client, sent)[created["id"]]["status"] == "ready"
    assert violations(stage.scene, sent, tmp_path) == []


def test_two_senders_never_mix_their_bytes(stage: Stage, tmp_path: Path) -> None:
    film = clip(stage.folder).read_bytes()
    bodies = [film + bytes([number]) * MIB for number in (1, 2)]
    with stage.live.http() as client:
        created = drive.create(client, clip(stage.folder), RESOLUTIONS, fileSizeBytes=len(bodies[0]))
        senders = [Sender(created, len(body)) for body in bodies]
        for start in range(0, len(bodies[0]), 64 * 1024):
            for sender, body in zip(senders, bodies, strict=True):
                sender.send(body[start : start + 64 * 1024])
        assert [sender.status() for sender in senders] == [200, 200]
        sent = stage.complete(client, created)
        kept = stage.rows("SELECT source_key FROM videos WHERE id = %s", created["id"])[0]["source_key"]
        content = (stage.scene.storage / kept).read_bytes()
        assert content in bodies
        over(client, [sent])
    (tmp_path / "film.mp4").write_bytes(content)
    sent = type(sent)(sent.video_id, tmp_path / "film.mp4", sent.frames, sent.seconds)
    assert violations(stage.scene, [sent], tmp_path) == []


def test_a_short_body_leaves_what_had_arrived_before(stage: Stage) -> None:
    with stage.live.http() as client:
        created = stage.create(client)
        stage.put(created)
        whole = hashlib.sha256(clip(stage.folder).read_bytes()).hexdigest()

        def short() -> Iterator[bytes]:
            yield b"not what was declared"

        answer = httpx.put(created["uploadUrl"], content=short(), headers=_type(created))
        assert (answer.status_code, answer.json()["code"]) == (422, "size_mismatch")
        place = stage.data / "incoming" / upload_of(created) / "whole"
        assert hashlib.sha256(place.read_bytes()).hexdigest() == whole
        over(client, [stage.complete(client, created)])


def test_what_a_url_refuses(stage: Stage) -> None:
    content = clip(stage.folder).read_bytes()
    with stage.live.http() as client:
        created = stage.create(client)

        def put(body: bytes | Iterator[bytes], content_type: str = created["contentType"]) -> str:
            answer = httpx.put(created["uploadUrl"], content=body, headers={"Content-Type": content_type})
            return f"{answer.status_code} {answer.json().get('code')}"

        assert put(content, "text/html") == "415 content_type_mismatch"
        assert put(content + b"x") == "413 upload_too_large"
        assert put(iter([content, b"x"])) == "413 upload_too_large"
        assert put(content[:-1]) == "422 size_mismatch"
        assert arrived(stage, created) == []
        assert put(content) == "200 None"
        sent = stage.complete(client, created)
        assert put(content) == "409 wrong_state"
        over(client, [sent])

        created = stage.create(client)
        stage.rows("UPDATE uploads SET expires_at = now() WHERE id = %s RETURNING 1", upload_of(created))
        assert put(content) == "410 url_expired"
        ended = drive.wait(client, created["id"])
        assert ended["error"]["code"] == "upload_expired"
        assert arrived(stage, created) == []


def test_a_large_body_of_unknown_length_needs_little_memory(stage: Stage) -> None:
    with stage.live.http() as client:
        created = drive.create(client, clip(stage.folder), RESOLUTIONS, fileSizeBytes=LARGE)
        web = stage.process("web")
        before, most = web.memory_info().rss, Peak(web)
        blocks = (os.urandom(MIB) for _ in range(LARGE // MIB))
        with most:
            answer = httpx.put(created["uploadUrl"], content=blocks, headers=_type(created), timeout=120)
        assert answer.status_code == 200, answer.text
        print(f"300 MiB: {(most.bytes - before) / MIB:.1f} MiB more than before")
        assert most.bytes - before < MOST_GROWTH
        assert client.delete(f"/api/video/{created['id']}").status_code == 204
        assert arrived(stage, created) == []


def test_completing_at_the_same_time_happens_once_and_holds_nobody_up(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http(limits=httpx.Limits(max_connections=None)) as client, ThreadPoolExecutor(40) as pool:
        many = [stage.create(client) for _ in range(40)]
        for created in many:
            small = httpx.put(created["uploadUrl"], content=_filler(stage), headers=_type(created))
            assert small.status_code == 200, small.text
        same = stage.create(client)
        stage.put(same)

        def complete(created: dict[str, Any]) -> int:
            return client.post(f"/api/video/{created['id']}/complete-upload").status_code

        # What is no film is refused, so that nothing needs to be encoded; each is judged all the same.
        assert set(pool.map(complete, many)) == {422}
        assert set(pool.map(complete, [same] * 40)) == {201}
        sent = [stage.complete(client, same)]
        over(client, sent)
        for created in many:
            client.delete(f"/api/video/{created['id']}")
    assert violations(stage.scene, sent, tmp_path) == []


def _filler(stage: Stage) -> bytes:
    return b"no film" + bytes(clip(stage.folder).stat().st_size - 7)


def test_a_new_web_process_clears_what_the_dead_one_left(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        created = stage.create(client)
        sent = [stage.send(client, created)]
        over(client, sent)
        finished = stage.data / "incoming" / upload_of(created)
        finished.mkdir()
        (finished / "whole").write_bytes(b"as if the process had died before deleting it")
        arriving = stage.data / "incoming" / str(uuid4())
        arriving.mkdir()  # a form of another process
        web = stage.process("web")
        web.send_signal(SIGKILL)
        web.wait(30)
        until(lambda: not finished.exists(), "a tidy folder")
        assert arriving.exists()
        arriving.rmdir()
    assert violations(stage.scene, sent, tmp_path) == []


def _type(created: dict[str, Any]) -> dict[str, str]:
    return {"Content-Type": created["contentType"]}


def test_a_film_that_is_watched_while_its_time_runs_out_ends_for_its_viewers(stage: Stage) -> None:
    path = stage.folder / "watched.mp4"
    ffmpeg(*picture(6), *X264, "-g", "25", "-movflags", "+faststart", path)
    content = path.read_bytes()
    half = len(content) // 2
    wish = {
        "filename": path.name,
        "size": len(content),
        "resolutions": ["144p"],
        "play_while_uploading": True,
    }
    part = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{half - 1}/{len(content)}"}

    def watched() -> set[tuple[int, str | None]]:
        base = f"{stage.live.url}/v/{created['video_id']}/"
        names = ("master.m3u8", "source.m3u8", "manifest.mpd", "source-0.m4s")
        answers = [httpx.get(base + name) for name in names]
        return {
            (each.status_code, each.json()["code"] if each.status_code >= 400 else None) for each in answers
        }

    with stage.live.http() as client:
        created = client.post("/v1/uploads", json=wish).json()
        assert httpx.put(created["url"], content=content[:half], headers=part).status_code == 308
        assert watched() == {(200, None)}
        stage.rows("UPDATE uploads SET expires_at = now() WHERE id = %s RETURNING 1", created["id"])
        # At once, and no less when what had arrived is gone.
        assert watched() == {(410, "upload_expired")}
        assert drive.wait(client, created["video_id"])["error"]["code"] == "upload_expired"
        assert watched() == {(410, "upload_expired")}

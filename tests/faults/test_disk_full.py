"""A full disk: uploads are refused by name, encodes wait, and everything goes on once there is space again."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx
import pytest

from playhead.model.errors import ERRORS
from playhead.storage.arriving import RESERVE_BYTES
from tests import drive
from tests.faults.speakers import Ranges, Speaker, Tus, acknowledged
from tests.faults.stage import CLIP_RATE, CLIP_SECONDS, RESOLUTIONS, Stage, clip, over, staged, until
from tests.invariants import Sent, unswept, violations

MIB = 1024 * 1024
DISK = 200 * MIB
"""Room for PostgreSQL's own files and a few films."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server whose data folder is a disk of its own, and a small one."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path_factory.mktemp("small")
    data = folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0711", "tmpfs", data], check=True)
    try:
        with staged(folder) as stage:
            yield stage
            assert unswept(stage.scene) == []
            assert stage.stop() == 0, stage.live.output()[-4000:]
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)


@contextmanager
def filled(stage: Stage, left: int = 0) -> Iterator[None]:
    """Fill the disk but for so many bytes, for the time of the block."""
    filler = stage.data / "filler"
    with filler.open("wb") as file:
        while (free := _free(stage) - left) > 0:
            file.write(bytes(min(free, MIB)))
            file.flush()
    try:
        yield
    finally:
        filler.unlink()


def _free(stage: Stage) -> int:
    seen = os.statvfs(stage.data)
    return seen.f_bavail * seen.f_frsize


def test_an_upload_to_a_full_disk_is_refused_and_taken_later(small: Stage, tmp_path: Path) -> None:
    with small.live.http() as client:
        before, created = small.send(client, small.create(client)), small.create(client)
        over(client, [before])
        with filled(small):
            answer = httpx.put(
                created["uploadUrl"],
                content=clip(small.folder).read_bytes(),
                headers={"Content-Type": created["contentType"]},
            )
            assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
            assert client.get("/healthz").status_code == 200
        sent = [before, small.send(client, created)]
        assert over(client, sent)[created["id"]]["status"] == "ready"
    assert violations(small.scene, sent, tmp_path) == []


def test_uploads_leave_room_for_the_database(small: Stage) -> None:
    size = 20 * MIB
    with small.live.http() as client, filled(small, RESERVE_BYTES + size // 2):
        created = drive.create(client, clip(small.folder), RESOLUTIONS, fileSizeBytes=size)
        answer = httpx.put(
            created["uploadUrl"], content=bytes(size), headers={"Content-Type": created["contentType"]}
        )
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert _free(small) > RESERVE_BYTES
        assert client.delete(f"/api/video/{created['id']}").status_code == 204


@pytest.mark.parametrize("speaks", [Tus, Ranges])
def test_what_is_sent_in_parts_goes_on_once_there_is_space(
    small: Stage, tmp_path: Path, speaks: type[Speaker]
) -> None:
    content = clip(small.folder).read_bytes()
    with small.live.http() as client:
        speaker = speaks.created(client, len(content))
        speaker.send(content[: len(content) // 2], 0)
        for left in (0, RESERVE_BYTES):
            with filled(small, left):
                refused = speaker.send(content[len(content) // 2 :], len(content) // 2)
                assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
                assert speaker.stands() == len(content) // 2
        speaker.send(content[len(content) // 2 :], len(content) // 2)
        sent = [acknowledged(client, speaker, clip(small.folder))]
        over(client, sent)
    assert violations(small.scene, sent, tmp_path) == []


def test_partials_are_put_together_once_there_is_space(small: Stage, tmp_path: Path) -> None:
    content = clip(small.folder).read_bytes()
    half, said = len(content) // 2, b64encode(b"144p").decode()
    with small.live.http() as client:

        def post(**asked: str) -> httpx.Response:
            headers = {f"Upload-{name.title()}": text for name, text in asked.items()}
            return client.post("/tus", headers={**Tus.version, **headers})

        halves = []
        for body in (content[:half], content[half:]):
            url = post(concat="partial", length=str(len(body))).headers["location"]
            halves.append(Tus(url, "", "", len(body)))
            assert halves[-1].send(body, 0).status_code == 204
        whole = f"final;{halves[0].url} {halves[1].url}"
        with filled(small, RESERVE_BYTES):
            refused = post(concat=whole, metadata=f"resolutions {said}")
            assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
            assert [each.stands() for each in halves] == [each.size for each in halves]
        made = post(concat=whole, metadata=f"resolutions {said}")
        assert made.status_code == 201, made.text
        query = "SELECT v.id, v.source_key FROM videos v JOIN uploads u ON u.video_id = v.id"
        (video,) = small.rows(f"{query} WHERE u.tus->>'concat' = %s", whole)
        assert (small.scene.storage / video["source_key"]).read_bytes() == content
        assert client.delete(f"/v1/videos/{video['id']}").status_code == 204
    assert violations(small.scene, [], tmp_path) == []


def test_a_file_by_parts_goes_on_once_there_is_space(small: Stage, tmp_path: Path) -> None:
    """With the disk full when a part comes, and when the parts are to be joined."""
    content = clip(small.folder).read_bytes()
    half = len(content) // 2
    with small.live.http() as client:
        grant = client.post("/v1/upload-grants", json={"resolutions": ["144p"]}).json()
        tree = grant["companion_url"] + "/s3/multipart"
        begun = client.post(tree, json={"filename": "clip.mp4", "type": "video/mp4"}).json()
        at, folder = f"{tree}/{begun['uploadId']}", small.data / "parts" / begun["uploadId"]

        def send(number: int, body: bytes) -> httpx.Response:
            return httpx.put(client.get(f"{at}/{number}").raise_for_status().json()["url"], content=body)

        def refused(answer: httpx.Response, there: list[dict[str, Any]], *codes: str) -> None:
            code = answer.json()["code"]
            assert (answer.status_code, code in ("storage_full", *codes)) == (ERRORS[code].status, True)
            assert client.get(at).json() == there
            assert len(list(folder.iterdir())) == len(there)  # and nothing half made beside them

        listed = [{"PartNumber": 1, "ETag": send(1, content[:half]).headers["etag"]}]
        there = client.get(at).json()
        for left in (0, RESERVE_BYTES):
            with filled(small, left):
                refused(send(2, content[half:]), there)
        listed.append({"PartNumber": 2, "ETag": send(2, content[half:]).headers["etag"]})
        there = client.get(at).json()
        # Without any space at all the database may not even note that they are about to be joined.
        for left, codes in ((0, ["database_unavailable"]), (RESERVE_BYTES, [])):
            with filled(small, left):
                refused(client.post(f"{at}/complete", json={"parts": listed}), there, *codes)
        for _ in range(2):
            done = client.post(f"{at}/complete", json={"parts": listed})
            assert done.status_code == 200, done.text
        sent = [Sent(begun["videoId"], clip(small.folder), CLIP_SECONDS * CLIP_RATE, CLIP_SECONDS)]
        assert over(client, sent)[begun["videoId"]]["status"] == "ready"
    assert violations(small.scene, sent, tmp_path) == []


@pytest.mark.soak
def test_work_on_a_full_disk_waits_for_space(small: Stage, tmp_path: Path) -> None:
    """Encoding, looking at a source, joining what was encoded already; and the database itself."""
    with small.live.http() as client:
        made = {name: small.create(client) for name in ("encoding", "looking", "joining")}
        ids = {name: created["id"] for name, created in made.items()}
        small.tools.add("wait", f"ffmpeg *{ids['encoding']}*-force_key_frames*")
        small.tools.add("wait", f"ffprobe *{ids['looking']}*")
        sound = small.tools.add("wait", f"ffmpeg *{ids['joining']}*aresample*")
        sent = [small.send(client, made["joining"])]
        until(lambda: small.rows(_ONE_PIECE_MISSING, ids["joining"]), "all pieces but the sound")
        # Only now, for a probe may take a minute and no more.
        sent += [small.send(client, made[name]) for name in ("encoding", "looking")]
        until(lambda: small.tools.held(ids["encoding"], "-force_key_frames"), "an encode")
        until(lambda: small.tools.held(ids["looking"]), "a probe")
        with ExitStack() as full:
            with small.locked("steps", "SHARE"):  # so that no step begins
                sound.unlink()
                until(lambda: small.rows(_JOINING, ids["joining"]), "a join about to begin")
                full.enter_context(filled(small))
                small.tools.lift()
            for name in ("encoding", "joining"):
                until(lambda name=name: _refusals(small, ids[name]) > 2, "a full disk")  # type: ignore[misc]
            small.process("postgres").send_signal(SIGKILL)
            until(lambda: "PostgreSQL does not start" in small.live.output(), "a database without space")
        ended = over(client, sent)
    assert {video["status"] for video in ended.values()} == {"ready"}, ended
    assert violations(small.scene, sent, tmp_path) == []


_ONE_PIECE_MISSING = (
    "SELECT 1 FROM pieces WHERE video_id = %s HAVING count(*) > 1 AND count(*) = count(done_at) + 1"
)

_JOINING = (
    "SELECT 1 FROM procrastinate_jobs"
    " WHERE task_name = 'finalise' AND status = 'doing' AND args->>'video_id' = %s"
)


def _refusals(stage: Stage, video_id: str) -> int:
    lines = stage.live.output().splitlines()
    return sum("storage_full" in line and video_id in line for line in lines)

"""Files sent by parts, to a disk of ours and straight to S3: cut, killed, doubled and mixed up, they arrive once."""

from __future__ import annotations

import hashlib
import random
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from playhead.upload.cleaning import look_after_multiparts
from playhead.upload.direct import part_bytes
from tests.client.relay import Relay, relay
from tests.faults.peak import Peak
from tests.faults.stage import CLIP_RATE, CLIP_SECONDS, Stage, clip, over, until
from tests.invariants import Sent, violations
from tests.upload.companion import MIB, Plane, Tree
from tests.upload.station import LOOKS_LIKE_MP4

EACH = 5 * MIB
PARTS = [LOOKS_LIKE_MP4.ljust(EACH, b"a"), random.Random(1).randbytes(EACH), random.Random(2).randbytes(MIB)]
WHOLE = b"".join(PARTS)
HEADERS = 1500
"""Bytes that a request's head may take of what a connection is cut after."""
LARGE = 100 * MIB
MOST_GROWTH = 40 * MIB
YEARS = 3 * 365 * 24 * 3600


@pytest.mark.parametrize("cuts", [15, pytest.param(200, marks=pytest.mark.soak)])
async def test_parts_arrive_however_often_they_are_cut(plane: Plane, cuts: int) -> None:
    chance = random.Random(cuts)
    tree = await plane.grant()
    await tree.begin(size=len(WHOLE))
    store = urlsplit((await tree.sign(1)).json()["url"])
    with relay((str(store.hostname), int(store.port or 80))) as line:
        for _ in range(cuts):
            number = chance.randrange(len(PARTS)) + 1
            whole = PARTS[number - 1]
            line.cuts = [*[None] * line.connections, HEADERS + chance.randrange(len(whole) - HEADERS)]
            with pytest.raises(httpx.TransportError):
                await send(tree, number, whole, line)
            await told_is_whole(tree)
        assert line.connections == cuts
        # In any order, and the first of them twice.
        listed = {number: await send(tree, number, PARTS[number - 1], line) for number in (3, 1, 2, 1)}
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in listed.items()]
    answers = [await tree.complete(parts) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    await look_after_multiparts(plane.parts.uploads)
    source = (await plane.video_of(tree))["source_key"]
    assert (await plane.stored())[source] == WHOLE
    assert await plane.begun() == []


async def send(tree: Tree, number: int, body: bytes, line: Relay) -> str:
    """Send a part over the line, to the host that was signed; its ETag."""
    signed = (await tree.sign(number)).json()
    url = urlsplit(signed["url"])
    headers = {**signed["headers"], "Host": url.netloc}
    there = urlunsplit(url._replace(netloc=f"127.0.0.1:{line.port}"))
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.put(there, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"].strip('"')


async def told_is_whole(tree: Tree) -> None:
    """What is listed has arrived, every byte of it."""
    for part in (await tree.list()).json():
        whole = PARTS[part["PartNumber"] - 1]
        assert (part["Size"], part["ETag"].strip('"')) == (len(whole), hashlib.md5(whole).hexdigest())


async def test_the_clock_of_who_sends_does_not_count(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    listed = []
    for number, ahead in ((1, YEARS), (2, -YEARS), (3, 0)):
        signed = (await tree.sign(number)).json()
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + ahead))
        headers = {**signed["headers"], "Date": date}
        answer = await plane.client.put(signed["url"], content=PARTS[number - 1], headers=headers)
        assert answer.status_code == 200, answer.text
        listed.append({"PartNumber": number, "ETag": answer.headers["etag"]})
    assert (await tree.complete(listed)).status_code == 200


async def test_nothing_at_all_is_no_file(plane: Plane) -> None:
    tree, _ = await plane.upload(auto_complete=True)
    assert (await tree.begin(size=0)).json()["code"] == "invalid_request"
    await tree.begin()
    assert (await tree.complete([])).json()["code"] == "upload_incomplete"
    answer = await tree.complete([await tree.send(1, b"")])
    assert (answer.status_code, answer.json()["code"]) == (422, "empty_file")


async def test_a_hundred_gigabytes_may_be_announced(plane: Plane) -> None:
    size = 100 * 10**9
    tree = await plane.grant()
    begun = (await tree.begin(size=size)).json()
    assert begun["partSize"] == part_bytes(size)
    assert begun["partSize"] * 10_000 >= size
    last = -(-size // begun["partSize"])
    await tree.send(last, b"the end")
    refused = await tree.complete([{"PartNumber": last, "ETag": hashlib.md5(b"the end").hexdigest()}])
    assert refused.json()["code"] == "upload_incomplete"
    assert (await tree.abort()).status_code == 200
    assert await plane.begun() == []


def test_a_part_goes_again_after_the_server_was_killed_amid_it(stage: Stage, tmp_path: Path) -> None:
    """Of the one that was under way nothing is listed, and of those before it everything."""
    film = long_film(stage, tmp_path)
    parts = [film[:EACH], film[EACH:]]
    killed = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield parts[1][: len(parts[1]) // 2]
        killed.wait(60)
        yield parts[1][len(parts[1]) // 2 :]

    with stage.live.http() as client:
        asked = {"resolutions": ["144p"]}
        tree = client.post("/v1/upload-grants", json=asked).json()["companion_url"] + "/s3/multipart"
        begun = client.post(tree, json={"filename": "film.mp4", "type": "video/mp4"}).json()
        at = f"{tree}/{begun['uploadId']}"

        def signed(number: int) -> str:
            url: str = client.get(f"{at}/{number}").raise_for_status().json()["url"]
            return url

        etag = httpx.put(signed(1), content=parts[0]).headers["etag"]
        sending = threading.Thread(target=_ignore_loss, args=(signed(2), slowly()))
        sending.start()
        folder = stage.data / "parts"
        until(lambda: sum(path.stat().st_size for path in folder.rglob(".00002-*")), "a part of the part")
        stage.process("web").send_signal(SIGKILL)
        killed.set()
        sending.join(60)
        until(lambda: client.get("/healthz").status_code == 200, "a web process")
        assert client.get(at).json() == [{"PartNumber": 1, "Size": EACH, "ETag": etag}]
        again = httpx.put(signed(2), content=parts[1]).headers["etag"]
        listed = [{"PartNumber": 1, "ETag": etag}, {"PartNumber": 2, "ETag": again}]
        done = client.post(f"{at}/complete", json={"parts": listed})
        assert done.status_code == 200, done.text
        (tmp_path / "film.mp4").write_bytes(film)
        sent = [Sent(begun["videoId"], tmp_path / "film.mp4", CLIP_SECONDS * CLIP_RATE, CLIP_SECONDS)]
        over(client, sent)
    assert violations(stage.scene, sent, tmp_path) == []


def test_a_large_part_needs_little_memory(stage: Stage) -> None:
    with stage.live.http() as client:
        grant = client.post("/v1/upload-grants", json={"resolutions": ["144p"]}).json()
        tree = grant["companion_url"] + "/s3/multipart"
        begun = client.post(tree, json={"filename": "film.mp4", "type": "video/mp4"}).json()
        at = f"{tree}/{begun['uploadId']}"
        signed = client.get(f"{at}/1").raise_for_status().json()
        web = stage.process("web")
        before, most = web.memory_info().rss, Peak(web)
        with most:
            blocks = (random.randbytes(MIB) for _ in range(LARGE // MIB))
            answer = httpx.put(signed["url"], content=blocks, timeout=120)
        assert answer.status_code == 200, answer.text
        print(f"{LARGE // MIB} MiB: {(most.bytes - before) / MIB:.1f} MiB more than before")
        assert most.bytes - before < MOST_GROWTH
        assert client.delete(at).json() == {}


def long_film(stage: Stage, tmp_path: Path) -> bytes:
    """The clip with a box behind it that is to be ignored: two parts long."""
    content = clip(stage.folder).read_bytes()
    fill = 2 * EACH - len(content)
    return content + struct.pack(">I4s", fill, b"free") + random.Random(4).randbytes(fill - 8)


def _ignore_loss(url: str, body: Iterator[bytes]) -> None:
    try:
        httpx.put(url, content=body, timeout=120)
    except httpx.TransportError:
        return

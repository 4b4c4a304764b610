"""Checksums of what is sent straight to the store, a disk of ours or S3: of parts, and of the whole."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from uuid import UUID

import anycrc
import pytest

from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.processing.inspect import inspect
from playhead.processing.workshop import Workshop
from tests.upload.companion import PIECES, WHOLE, Plane, swept


def crc_of(data: bytes) -> str:
    """As a checksum is declared."""
    value = anycrc.Model("CRC64-NVME").calc(data)
    return f"crc64nvme:{base64.b64encode(value.to_bytes(8, 'big')).decode()}"


async def test_a_checksum_of_the_whole_file_is_held_against_it(plane: Plane, tmp_path: Path) -> None:
    """On a disk by completing; in S3 by the worker, which reads the file anyway."""
    workshop = Workshop(plane.parts.records, plane.parts.storage, NoSandbox(find_tools()), tmp_path, 3600.0)
    for declared, code in ((WHOLE, None), (WHOLE[:-1] + b"?", "checksum_mismatch")):
        tree = await plane.grant()
        checksum = f"sha-256:{hashlib.sha256(declared).hexdigest()}"
        await tree.begin(metadata={"checksum": checksum}, size=len(WHOLE))
        answer = await tree.complete(await tree.send_all())
        video_id = (await plane.video_of(tree))["id"]
        if plane.bucket is not None:
            assert answer.status_code == 200
            for _ in range(2):  # it is read a second time before it is given up
                await inspect(workshop, video_id)
        elif code is not None:
            assert (answer.status_code, answer.json()["code"]) == (460, code)
        (found,) = await plane.rows(
            "SELECT verified_at, sha256 FROM uploads WHERE video_id = :id", id=video_id
        )
        assert found["sha256"] == hashlib.sha256(declared).digest()
        assert (found["verified_at"] is None) == (code is not None)
        video = await plane.video_of(tree)
        if code is not None:
            assert (video["status"], video["error_code"], video["source_key"]) == ("fail", code, None)
        else:
            assert video["error_code"] != "checksum_mismatch"
            kept = video["source_key"]
    await swept(plane)
    assert list(await plane.stored()) == [kept]


async def test_a_crc_of_the_whole_file_is_held_against_what_the_store_tells(
    plane: Plane, tmp_path: Path
) -> None:
    """On completing, wherever it lies: nobody has to wait for a worker, and no byte comes here for it."""
    for declared, code in ((WHOLE, None), (WHOLE[:-1] + b"?", "checksum_mismatch")):
        tree = await plane.grant()
        await tree.begin(metadata={"checksum": crc_of(declared)}, size=len(WHOLE))
        answer = await tree.complete(await tree.send_all())
        assert (answer.status_code, answer.json().get("code")) == (
            (200, None) if code is None else (460, code)
        )
        video = await plane.video_of(tree)
        (found,) = await plane.rows("SELECT verified_at FROM uploads WHERE video_id = :id", id=video["id"])
        assert (found["verified_at"] is None) == (code is not None)
        if code is None:
            kept = video["source_key"]
        else:
            assert crc_of(WHOLE) in answer.json()["detail"]
            assert crc_of(declared) in answer.json()["detail"]
            assert (video["status"], video["error_code"], video["source_key"]) == ("fail", code, None)
    await swept(plane)
    assert list(await plane.stored()) == [kept]


async def test_a_checksum_may_be_said_when_completing(plane: Plane) -> None:
    for declared, code in ((WHOLE, None), (WHOLE[:-1] + b"?", "checksum_mismatch")):
        tree = await plane.grant()
        await tree.begin()
        listed = await tree.send_all()
        for unreadable in ("crc64nvme:x", 7):
            refused = await tree.complete(listed, checksum=unreadable)
            assert (refused.json()["code"], refused.json()["field"]) == ("invalid_request", "checksum")
        for _ in range(2 if code is None else 1):
            answer = await tree.complete(listed, checksum=crc_of(declared))
            assert answer.json().get("code") == code
        assert (await plane.video_of(tree))["error_code"] == code


async def test_what_the_store_does_not_tell_the_first_step_looks_at(plane: Plane, tmp_path: Path) -> None:
    """A form leaves no checksum in S3, and no store tells a SHA-256 of parts."""
    workshop = Workshop(plane.parts.records, plane.parts.storage, NoSandbox(find_tools()), tmp_path, 3600.0)
    right, wrong = f"sha-256:{hashlib.sha256(WHOLE).hexdigest()}", f"sha-256:{'00' * 32}"
    for sha256, code in ((right, None), (wrong, "checksum_mismatch")):
        tree = await plane.grant()
        await tree.begin(metadata={"checksum": f"{crc_of(WHOLE)}, {sha256}"}, size=len(WHOLE))
        await tree.complete(await tree.send_all())
        await _looked_at(plane, workshop, (await plane.video_of(tree))["id"], code)
    for body, code in ((PIECES[0], None), (PIECES[0][:-1] + b"?", "checksum_mismatch")):
        tree = await plane.grant()
        query = {"filename": "film.mp4", "metadata[checksum]": crc_of(PIECES[0])}
        asked = (await plane.client.get(f"{tree.url}/s3/params", params=query)).json()
        files = {"file": ("film.mp4", body, "video/mp4")}
        await plane.client.post(asked["url"], data=asked["fields"], files=files)
        await swept(plane)
        (video,) = await plane.rows("SELECT id FROM videos ORDER BY created_at DESC LIMIT 1")
        await _looked_at(plane, workshop, video["id"], code)


async def _looked_at(plane: Plane, workshop: Workshop, video_id: UUID, code: str | None) -> None:
    if plane.bucket is not None:
        query = "SELECT u.verified_at, v.status FROM uploads u JOIN videos v ON v.id = u.video_id WHERE v.id = :id"
        (before,) = await plane.rows(query, id=video_id)
        assert (before["verified_at"], before["status"]) == (None, "processing")
        for _ in range(2):
            await inspect(workshop, video_id)
    query = "SELECT verified_at, error_code FROM uploads u JOIN videos v ON v.id = video_id WHERE v.id = :id"
    (found,) = await plane.rows(query, id=video_id)
    assert (found["verified_at"] is None) == (code is not None)
    assert (found["error_code"] == "checksum_mismatch") == (code is not None)


async def test_a_part_that_does_not_add_up_is_refused_as_s3_refuses_it(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    crc, md5 = crc_of(b"the end").partition(":")[2], hashlib.md5(b"the end").digest()
    asked = (await tree.sign(1, crc64nvme=crc)).json()
    assert asked["headers"] == {"x-amz-checksum-crc64nvme": crc}
    plain = (await tree.sign(1)).json()["url"]
    for url, headers in (
        (asked["url"], asked["headers"]),
        (plain, {"Content-MD5": base64.b64encode(md5).decode()}),
    ):
        refused = await plane.client.put(url, content=b"The end", headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/xml")
        assert "<Code>BadDigest</Code>" in refused.text
    assert (await tree.list()).json() == []
    sent = await plane.client.put(asked["url"], content=b"the end", headers=asked["headers"])
    assert sent.status_code == 200
    assert (await tree.sign(1, crc64nvme="x")).json()["code"] == "invalid_request"


@pytest.mark.parametrize("plane", ["disk"], indirect=True)
async def test_our_own_disk_looks_at_checksums_that_nobody_has_signed(plane: Plane) -> None:
    """S3 refuses such a request whatever its bytes are: what it is to look at has to be signed."""
    tree = await plane.grant()
    await tree.begin()
    url = (await tree.sign(1)).json()["url"]
    crc, sha256 = crc_of(b"the end").partition(":")[2], hashlib.sha256(b"the end").digest()
    for name, value in (
        ("x-amz-checksum-crc64nvme", crc),
        ("x-amz-checksum-sha256", base64.b64encode(sha256).decode()),
    ):
        refused = await plane.client.put(url, content=b"The end", headers={name: value})
        assert (refused.status_code, "<Code>BadDigest</Code>" in refused.text) == (400, True)
        unreadable = await plane.client.put(url, content=b"the end", headers={name: "abc"})
        assert (unreadable.status_code, unreadable.json()["code"]) == (400, "malformed_request")
        assert (await tree.list()).json() == []
        assert (await plane.client.put(url, content=b"the end", headers={name: value})).status_code == 200
        await tree.abort()
        tree = await plane.grant()
        await tree.begin()
        url = (await tree.sign(1)).json()["url"]


async def test_parts_that_are_not_those_that_were_sent_are_not_joined(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    listed = await tree.send_all()
    crcs = [crc_of(piece).partition(":")[2] for piece in PIECES]
    wrong = [{**part, "ChecksumCRC64NVME": crcs[0]} for part in listed]
    refused = await tree.complete(wrong)
    assert (refused.status_code, refused.json()["code"]) == (460, "checksum_mismatch")
    unreadable = await tree.complete([{**listed[0], "ChecksumCRC64NVME": "abc"}, listed[1]])
    assert (unreadable.json()["code"], unreadable.json()["field"]) == ("invalid_request", "ChecksumCRC64NVME")
    # Nothing is lost by it: that part can be sent again, or the list put right.
    assert len((await tree.list()).json()) == 2
    right = [{**part, "ChecksumCRC64NVME": crc} for part, crc in zip(listed, reversed(crcs), strict=True)]
    assert (await tree.complete(right)).status_code == 200
    assert (await plane.video_of(tree))["source_size"] == len(WHOLE)

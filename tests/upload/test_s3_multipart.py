"""Files sent by parts straight to the store, a disk of ours or S3: the same protocol, the same promises."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import datetime
from uuid import UUID

import pytest

from playhead.records import multiparts
from playhead.upload.cleaning import abandon_overdue, look_after_multiparts
from playhead.upload.completing import complete
from playhead.upload.direct import Direct
from tests.upload.companion import MIB, PIECES, WHOLE, Plane, swept


async def test_a_file_by_parts_becomes_a_video(plane: Plane) -> None:
    tree = await plane.grant()
    assert (await tree.begin()).json().keys() == {
        "key",
        "uploadId",
        "bucket",
        "videoId",
        "expiresAt",
    }
    listed = await tree.send_all()
    found = (await tree.list()).json()
    assert [(part["PartNumber"], part["Size"]) for part in found] == [(1, 5 * MIB), (2, 7)]
    answers = [await tree.complete(listed) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert answers[0].json()["key"] == tree.multipart["key"]
    video = await plane.video_of(tree)
    assert (video["status"], video["filename"], video["source_size"]) == (
        "processing",
        "film.mp4",
        len(WHOLE),
    )
    await swept(plane)
    assert await plane.stored() == {video["source_key"]: WHOLE}
    assert await plane.begun() == []
    assert (await tree.complete(listed)).json() == answers[0].json()


async def test_below_an_uploads_url_its_own_file_is_sent(plane: Plane) -> None:
    tree, upload = await plane.upload(len(WHOLE))
    answer = await tree.begin(size=len(WHOLE) + 1)
    assert answer.json()["code"] == "size_mismatch", answer.text
    begun = (await tree.begin()).json()
    assert begun["partSize"] == 5 * MIB
    (row,) = await plane.rows("SELECT expires_at FROM uploads")
    assert datetime.fromisoformat(begun["expiresAt"]) == row["expires_at"]
    assert (await tree.complete(await tree.send_all())).status_code == 200
    assert (await plane.video_of(tree))["status"] == "pending_upload"
    await complete(plane.parts.uploads, upload["video_id"], project_id=upload["project_id"])
    assert (await plane.video_of(tree))["status"] == "processing"


async def test_nothing_is_joined_that_is_not_all_there(plane: Plane) -> None:
    tree, _ = await plane.upload(len(WHOLE), auto_complete=True)
    await tree.begin()
    assert (await tree.complete([])).json()["code"] == "upload_incomplete"
    listed = await tree.send_all(PIECES[:1])
    last = {"PartNumber": 2, "ETag": hashlib.md5(PIECES[1]).hexdigest()}
    for parts, code in (
        (listed, "upload_incomplete"),
        ([*listed, last], "upload_incomplete"),
        ([{**listed[0], "ETag": "0" * 32}], "wrong_state"),
        ([{"PartNumber": "1"}], "invalid_request"),
        ("all", "invalid_request"),
    ):
        assert (await tree.complete(parts)).json()["code"] == code, parts
    # None of that has ended anything.
    listed.append(await tree.send(2, PIECES[1]))
    assert (await tree.complete(listed[:1])).json()["code"] == "wrong_state"
    assert (await tree.complete(listed)).status_code == 200
    assert (await plane.video_of(tree))["source_size"] == len(WHOLE)


async def test_more_than_was_declared_or_is_allowed_is_not_joined(plane: Plane) -> None:
    declared, _ = await plane.upload(len(WHOLE) - 1)
    granted = await plane.grant(max_bytes=len(WHOLE) - 1)
    for tree, code in ((declared, "size_mismatch"), (granted, "upload_too_large")):
        await tree.begin()
        if plane.bucket is None:  # our own disk does not even take it
            last = await tree.send(2, PIECES[1])
            signed = (await tree.sign(1)).json()
            refused = await plane.client.put(signed["url"], content=PIECES[0])
            assert (refused.status_code, refused.json()["code"]) == (413, "upload_too_large")
            assert [part["PartNumber"] for part in (await tree.list()).json()] == [2], last
        else:
            assert (await tree.complete(await tree.send_all())).json()["code"] == code
    assert (await granted.begin(size=len(WHOLE))).json()["code"] == "upload_too_large"
    assert (await granted.sign(1, size=str(len(WHOLE)))).status_code in (404, 413)


async def test_what_is_sent_again_later_changes_nothing(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    signed = [(await tree.sign(number)).json()["url"] for number in (1, 2)]
    listed = await tree.send_all()
    await tree.complete(listed)
    for url, body in zip(signed, reversed(PIECES), strict=True):
        assert (await plane.client.put(url, content=body)).status_code in (404, 409, 410)
    assert (await tree.sign(1)).json()["code"] == "wrong_state"
    assert (await tree.abort()).json()["code"] == "wrong_state"
    await swept(plane)
    assert list((await plane.stored()).values()) == [WHOLE]
    assert await plane.begun() == []


async def test_of_many_completes_at_once_one_does_it(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    listed = await tree.send_all()
    answers = await asyncio.gather(*(tree.complete(listed) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    told = await plane.rows("SELECT type FROM events")
    assert [row["type"] for row in told].count("video.uploaded") == 1
    await swept(plane)
    assert list((await plane.stored()).values()) == [WHOLE]


async def test_who_looked_before_another_completed_it_finds_it_done(plane: Plane) -> None:
    direct = Direct(plane.parts.uploads)
    for auto_complete in (False, True):
        tree, _ = await plane.upload(len(WHOLE), auto_complete=auto_complete)
        await tree.begin()
        listed = await tree.send_all()
        row, upload = await direct.find(UUID(tree.multipart["uploadId"]))
        assert (await tree.complete(listed)).status_code == 200
        _, later = await direct.find(row["id"])
        for seen in (upload, later):
            await direct.complete(row, seen, {part["PartNumber"]: part["ETag"] for part in listed})


async def test_who_dies_while_completing_is_followed_by_another(plane: Plane) -> None:
    """Killed when the store had the object and no row said so, or when only completing was left."""
    store, records = plane.parts.uploads.parts, plane.parts.records
    for died_after_noting in (False, True):
        tree = await plane.grant()
        await tree.begin()
        listed = await tree.send_all()
        row, upload = await Direct(plane.parts.uploads).find(UUID(tree.multipart["uploadId"]))
        async with records.transaction() as tx:
            await multiparts.joining(tx, row["id"], len(WHOLE))
        await store.join(row["key"], row["attempt"], await store.parts(row["key"], row["attempt"]))
        if died_after_noting:
            async with records.transaction() as tx:
                await multiparts.joined(tx, row["id"], len(WHOLE))
            await look_after_multiparts(plane.parts.uploads)  # nobody asks again
        else:
            assert (await tree.complete(listed)).status_code == 200
        video = await plane.video_of(tree)
        assert (video["status"], video["source_size"]) == ("processing", len(WHOLE)), upload


async def test_a_file_that_is_no_video_is_refused_and_goes(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    answer = await tree.complete([await tree.send(1, b"no video at all")])
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_video")
    assert (await plane.video_of(tree))["status"] == "fail"
    await swept(plane)
    assert await plane.stored() == {}
    assert await plane.begun() == []


async def test_only_announced_bytes_are_taken(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    md5 = base64.b64encode(hashlib.md5(b"the end").digest()).decode()
    signed = (await tree.sign(1, size="7", md5=md5)).json()
    assert signed["expires"] == 900
    assert signed["headers"] == {"Content-MD5": md5}
    for body in (b"The end", b"the end."):
        answer = await plane.client.put(signed["url"], content=body, headers=signed["headers"])
        assert answer.status_code >= 400
    assert (await tree.list()).json() == []
    for query in ({"md5": "x"}, {"md5": "é"}, {"size": "0"}, {"size": "many"}):
        assert (await tree.sign(1, **query)).json()["code"] == "invalid_request"
    for number in (0, 10_001):
        assert (await tree.sign(number)).json()["code"] == "invalid_request"
    crowded = await tree.sign(1, **{f"field{number}": "1" for number in range(200)})
    assert (crowded.status_code, crowded.json()["code"]) == (422, "invalid_request")


async def test_a_multipart_is_nobody_elses(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    others = [await plane.grant(), await plane.grant(project="other"), (await plane.upload())[0]]
    for other in others:
        other.multipart = tree.multipart
        for answer in (
            await other.sign(1),
            await other.list(),
            await other.complete([]),
            await other.abort(),
        ):
            assert answer.json()["code"] == "not_found"
    tree.multipart = {**tree.multipart, "key": "videos/another/key"}
    assert (await tree.list()).json()["code"] == "not_found"
    assert (
        await plane.client.get(f"{tree.url}x/s3/multipart/{tree.multipart['uploadId']}")
    ).status_code == 403


async def test_what_is_given_up_leaves_nothing(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    await tree.send(1, PIECES[0])
    assert (await tree.abort()).json() == {}
    assert (await plane.video_of(tree))["error_code"] == "upload_ended"
    assert await plane.begun() == []
    upload_tree, _ = await plane.upload()
    await upload_tree.begin()
    await upload_tree.send(1, PIECES[0])
    assert (await upload_tree.abort()).json() == {}
    assert (await upload_tree.complete([])).json()["code"] == "wrong_state"
    assert (await plane.video_of(upload_tree))["status"] == "pending_upload"
    assert (await upload_tree.begin()).status_code == 200


async def test_parts_of_uploads_that_ran_out_of_time_go(plane: Plane) -> None:
    tree = await plane.grant()
    await tree.begin()
    listed = [await tree.send(1, PIECES[0])]
    await look_after_multiparts(plane.parts.uploads)
    assert await plane.begun() != []
    signed = (await tree.sign(2)).json()["url"]
    await plane.rows("UPDATE uploads SET expires_at = now() RETURNING id")
    late = await plane.client.put(signed, content=PIECES[1])
    assert late.status_code == (
        410 if plane.bucket is None else 200
    )  # a store does not know, until it is swept
    for answer in (await tree.sign(2), await tree.list(), await tree.complete(listed)):
        assert answer.json()["code"] == "url_expired"
    await abandon_overdue(plane.parts.uploads)
    await look_after_multiparts(plane.parts.uploads)
    assert await plane.begun() == []
    assert (await plane.video_of(tree))["error_code"] == "upload_expired"


async def test_begun_anew_again_and_again_is_stopped(plane: Plane) -> None:
    tree, _ = await plane.upload()
    for _ in range(32):
        assert (await tree.begin()).status_code == 200
    assert (await tree.begin()).json()["code"] == "wrong_state"


async def test_a_form_brings_a_small_file(plane: Plane) -> None:
    tree = await plane.grant()
    query = {"filename": "film.mp4", "type": "video/mp4", "metadata[colour]": "red"}
    asked = (await plane.client.get(f"{tree.url}/s3/params", params=query)).json()
    assert asked["method"] == "POST"
    assert asked["fields"]["key"]
    sent = await plane.client.post(
        asked["url"], data=asked["fields"], files={"file": ("film.mp4", PIECES[0], "video/mp4")}
    )
    assert sent.status_code in (200, 201, 204), sent.text
    assert sent.headers["etag"]
    await swept(plane)
    (video,) = await plane.rows("SELECT * FROM videos")
    assert (video["status"], video["metadata"]) == ("processing", {"colour": "red"})
    assert await plane.stored() == {video["source_key"]: PIECES[0]}
    # Sent once more it changes nothing, and what it leaves is known by name.
    await plane.client.post(asked["url"], data=asked["fields"], files={"file": ("a.mp4", b"another")})
    assert (await plane.stored())[video["source_key"]] == PIECES[0]
    ledger = {row["key"] for row in await plane.rows("SELECT key FROM objects")}
    assert set(await plane.stored()) <= ledger


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
async def test_pages_of_any_origin_may_ask(plane: Plane, method: str) -> None:
    tree = await plane.grant()
    await tree.begin()
    answer = await plane.client.request(
        method,
        tree.at(),
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "GET"},
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "etag" in answer.headers["access-control-expose-headers"]

"""What every store must do that takes objects straight from clients, by parts. A subclass has the fixture `place`."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import time
from dataclasses import dataclass, replace
from typing import Any

import anycrc
import httpx
import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.port import Multipart, SignedRequest, Storage, StoredPart

KEY = f"videos/7b0e3a4c-0000-4000-8000-000000000001/quarantine/{'a1' * 16}"
SOURCE = KEY.replace("quarantine", "source")
MIB = 1024 * 1024
FIRST = random.Random(5).randbytes(5 * MIB)
SECOND = random.Random(6).randbytes(5 * MIB + 7)
LAST = b"the end"


@dataclass(frozen=True)
class Place:
    """A store and its ability, behind a real server."""

    storage: Storage
    parts: Multipart


def crc_of(data: bytes) -> bytes:
    """Its CRC64NVME."""
    return int(anycrc.Model("CRC64-NVME").calc(data)).to_bytes(8, "big")


async def send(signed: SignedRequest, body: bytes, **headers: str) -> httpx.Response:
    """Send a signed request as any client would."""
    async with httpx.AsyncClient(timeout=60) as client:
        if signed.method == "POST":
            return await client.post(
                signed.url, data=dict(signed.fields), files={"file": ("a.mp4", body, "video/mp4")}
            )
        return await client.put(signed.url, content=body, headers={**signed.headers, **headers})


async def sent(place: Place, attempt: str, number: int, body: bytes, **options: Any) -> httpx.Response:
    given = {"seconds": 900, "size": None, "md5": None, **options}
    return await send(await place.parts.sign_part(KEY, attempt, number, **given), body)


async def code_of(call: Any) -> str:
    with pytest.raises(PlayheadError) as caught:
        await call
    return caught.value.code


async def content(place: Place, key: str) -> bytes:
    return await place.storage.read(key, 0, 20 * MIB)


class PartsSuite:
    async def test_parts_in_any_order_and_sent_again_make_the_object(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        assert await place.parts.parts(KEY, attempt) == []
        for number, body in ((3, LAST), (1, SECOND), (2, SECOND), (1, FIRST)):
            if body == FIRST:
                await asyncio.sleep(1.1)  # a store may tell which of two was sent last by the second alone
            answer = await sent(place, attempt, number, body)
            assert answer.status_code == 200
            assert answer.headers["etag"].strip('"') == hashlib.md5(body).hexdigest()
        listed = await place.parts.parts(KEY, attempt)
        assert [(part.number, part.size) for part in listed] == [(1, 5 * MIB), (2, 5 * MIB + 7), (3, 7)]
        assert [part.etag for part in listed] == [hashlib.md5(b).hexdigest() for b in (FIRST, SECOND, LAST)]
        await place.parts.join(KEY, attempt, listed)
        await place.parts.join(KEY, attempt, listed)
        assert await content(place, KEY) == FIRST + SECOND + LAST
        await place.parts.release(KEY, SOURCE)
        await place.parts.release(KEY, SOURCE)
        await place.parts.abort(KEY)
        assert await content(place, SOURCE) == FIRST + SECOND + LAST

    async def test_what_arrives_after_joining_changes_nothing(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        await sent(place, attempt, 1, LAST)
        again = await place.parts.sign_part(KEY, attempt, 1, seconds=900, size=None, md5=None)
        await place.parts.join(KEY, attempt, await place.parts.parts(KEY, attempt))
        await place.parts.release(KEY, SOURCE)
        await send(again, b"something else")
        assert await content(place, SOURCE) == LAST

    async def test_a_part_that_is_not_as_listed_is_not_joined(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        await sent(place, attempt, 1, FIRST)
        (listed,) = await place.parts.parts(KEY, attempt)
        await sent(place, attempt, 1, SECOND)
        absent = StoredPart(2, 7, hashlib.md5(LAST).hexdigest())
        wrong = StoredPart(1, listed.size, "0" * 32)
        for parts in ([wrong], [listed, absent]):
            assert await code_of(place.parts.join(KEY, attempt, parts)) == "wrong_state"
        assert await code_of(place.storage.size(KEY)) == "source_missing"

    async def test_only_announced_bytes_are_taken(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        md5 = base64.b64encode(hashlib.md5(LAST).digest()).decode()
        assert (await sent(place, attempt, 1, LAST + b"x", size=7)).status_code >= 400
        assert (await sent(place, attempt, 1, b"The end", size=7, md5=md5)).status_code >= 400
        assert await place.parts.parts(KEY, attempt) == []
        assert (await sent(place, attempt, 1, LAST, size=7, md5=md5)).status_code == 200

    async def test_a_part_with_another_crc_than_announced_is_not_taken(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        crc64nvme = crc_of(LAST)
        signed = await place.parts.sign_part(
            KEY, attempt, 1, seconds=900, size=None, md5=None, crc64nvme=crc64nvme
        )
        assert signed.headers == {"x-amz-checksum-crc64nvme": base64.b64encode(crc64nvme).decode()}
        assert (await send(signed, b"The end")).status_code >= 400
        forged = {"x-amz-checksum-crc64nvme": base64.b64encode(crc_of(b"The end")).decode()}
        assert (await send(signed, b"The end", **forged)).status_code >= 400
        assert await place.parts.parts(KEY, attempt) == []
        assert (await send(signed, LAST)).status_code == 200
        assert [part.size for part in await place.parts.parts(KEY, attempt)] == [7]

    async def test_parts_with_another_crc_than_listed_are_not_joined(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        for number, body in ((1, FIRST), (2, LAST)):
            assert (await sent(place, attempt, number, body)).status_code == 200
        one, two = await place.parts.parts(KEY, attempt)
        for parts in (
            [replace(one, crc64nvme=crc_of(FIRST)), replace(two, crc64nvme=crc_of(FIRST))],
            [replace(one, crc64nvme=crc_of(LAST)), two],
        ):
            assert await code_of(place.parts.join(KEY, attempt, parts)) == "checksum_mismatch"
        assert await code_of(place.storage.size(KEY)) == "source_missing"
        assert await place.parts.parts(KEY, attempt) == [one, two]
        await place.parts.join(KEY, attempt, [replace(one, crc64nvme=crc_of(FIRST)), two])
        assert await content(place, KEY) == FIRST + LAST

    async def test_a_signature_holds_for_its_part_and_its_time(self, place: Place) -> None:
        attempt = await place.parts.begin(KEY)
        signed = await place.parts.sign_part(KEY, attempt, 1, seconds=1, size=None, md5=None)
        tampered = signed.url.replace("artNumber=1", "artNumber=2").replace("/1/", "/2/")
        assert tampered != signed.url
        assert (await send(SignedRequest("PUT", tampered), LAST)).status_code == 403
        time.sleep(2.1)
        assert (await send(signed, LAST)).status_code in (403, 410)
        assert await place.parts.parts(KEY, attempt) == []

    async def test_nothing_is_left_of_what_is_aborted(self, place: Place) -> None:
        for _ in range(2):
            attempt = await place.parts.begin(KEY)
            await sent(place, attempt, 1, LAST)
        await place.parts.abort(KEY)
        await place.parts.abort(KEY)
        assert [key async for key in place.storage.keys("")] == []
        assert await self.left(place) == []

    async def test_a_form_brings_all_at_once(self, place: Place) -> None:
        signed = await place.parts.sign_form(KEY, seconds=900, most_bytes=MIB)
        assert (await send(signed, FIRST)).status_code >= 400
        answer = await send(signed, LAST)
        assert answer.status_code in (200, 201, 204)
        assert answer.headers["etag"].strip('"') == hashlib.md5(LAST).hexdigest()

    async def left(self, place: Place) -> list[str]:
        """What there is of attempts, by whatever name."""
        raise NotImplementedError

"""Clients that follow signed URLs from a shell or a program, with a disk and with S3 behind the server."""

from __future__ import annotations

import asyncio
import hashlib
import random
import subprocess
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from playhead.upload.cleaning import look_after_multiparts
from tests.upload.companion import MIB, Plane, Tree
from tests.upload.matrix import STRAIGHT, Straight
from tests.upload.station import LOOKS_LIKE_MP4

SIZE = 11 * MIB
PART = 5 * MIB


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It looks like a video, and no two stretches of it are alike."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(LOOKS_LIKE_MP4 + random.Random(7).randbytes(SIZE - len(LOOKS_LIKE_MP4)))
    return path


async def curl(*arguments: str) -> str:
    """As anybody would from a shell: nothing but the URLs that were given."""
    command = ["curl", "-fsS", *arguments]
    done = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=60)
    return str(done.stdout.decode())


async def curl_put(signed: dict[str, Any], part: Path) -> None:
    headers = [word for name, value in signed["headers"].items() for word in ("-H", f"{name}: {value}")]
    await curl("-T", str(part), *headers, signed["url"])


async def botocore_put(signed: dict[str, Any], part: Path) -> None:
    """What carries every request of boto3, asking before it sends (RFC 9110, 10.1.1), as that does with bodies."""

    def put() -> int:
        headers = {**signed["headers"], "Expect": "100-continue", "Content-Length": str(part.stat().st_size)}
        with part.open("rb") as body:
            request = AWSRequest("PUT", signed["url"], data=body, headers=headers)
            return int(URLLib3Session().send(request.prepare()).status_code)

    assert await asyncio.to_thread(put) == 200


PUTS: dict[str, Callable[[dict[str, Any], Path], Awaitable[None]]] = {
    "curl": curl_put,
    "boto3's transport (botocore)": botocore_put,
}


async def by_parts(row: Straight, plane: Plane, tree: Tree, film: Path, scratch: Path) -> None:
    await tree.begin(size=SIZE)
    for number, at in enumerate(range(0, SIZE, PART), 1):
        part = scratch / "part"
        part.write_bytes(film.read_bytes()[at : at + PART])
        md5 = hashlib.md5(part.read_bytes(), usedforsecurity=False).digest()
        asked = {} if number == 1 else {"size": str(part.stat().st_size), "md5": b64encode(md5).decode()}
        signed = (await tree.sign(number, **asked)).json()
        assert (urlsplit(signed["url"]).netloc == urlsplit(tree.url).netloc) == (plane.bucket is None)
        await PUTS[row.client](signed, part)
    listed = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in (await tree.list()).json()]
    assert [each["PartNumber"] for each in listed] == [1, 2, 3]
    assert (await tree.complete(listed)).status_code == 200


async def by_form(plane: Plane, tree: Tree, film: Path) -> None:
    asked = {"filename": "film.mp4", "type": "video/mp4"}
    signed = (await plane.client.get(f"{tree.url}/s3/params", params=asked)).json()
    fields = [word for name, value in signed["fields"].items() for word in ("-F", f"{name}={value}")]
    await curl(*fields, "-F", f"file=@{film};type=video/mp4", signed["url"])
    await look_after_multiparts(plane.parts.uploads)  # S3 tells nobody that a form has come


@pytest.mark.parametrize("row", STRAIGHT, ids=lambda row: f"{row.client}, {row.how}")
async def test_what_is_sent_is_what_is_stored(
    row: Straight, plane: Plane, film: Path, tmp_path: Path
) -> None:
    tree = await plane.grant()
    if row.how == "form":
        await by_form(plane, tree, film)
    else:
        await by_parts(row, plane, tree, film, tmp_path)
    (video,) = await plane.rows("SELECT * FROM videos")
    assert (video["status"], video["filename"]) == ("processing", "film.mp4")
    source = await plane.parts.storage.read(video["source_key"], 0, 2 * SIZE)
    assert hashlib.sha256(source).digest() == hashlib.sha256(film.read_bytes()).digest()

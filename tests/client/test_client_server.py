"""The client against a real server: the main job, its failures, and a connection that breaks."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
from pathlib import Path
from urllib.parse import urlsplit

import anycrc
import httpx
import msgspec
import pytest

from playhead.client import (
    AsyncClient,
    Client,
    PlayheadAPIError,
    PlayheadConnectionError,
    Video,
    VideoFailedError,
    WaitTimeoutError,
)
from tests.client.relay import relay
from tests.live import Live


def test_a_file_becomes_ready(client: Client, clip: Path) -> None:
    told: list[tuple[int, int]] = []
    looks: list[Video] = []

    video = client.upload(
        clip,
        resolutions=["144p"],
        thumbnail_seconds=[0.5],
        metadata={"post": 7},
        on_progress=lambda sent, size: told.append((sent, size)),
    )
    ready = client.wait(video.id, on_progress=looks.append)

    size = clip.stat().st_size
    assert told[-1] == (size, size)
    assert video.upload.received_bytes == size
    assert (ready.status, ready.progress, ready.metadata) == ("ready", 1.0, {"post": 7})
    assert looks[-1] == ready
    assert ready.source is not None
    assert (ready.source.width, ready.source.height, ready.source.audio_codec) == (320, 240, None)
    [rendition] = ready.renditions
    assert (rendition.resolution, rendition.status, rendition.height) == ("144p", "ready", 144)
    urls = [rendition.video_url, *rendition.thumbnail_urls, ready.poster_url]
    assert [httpx.get(url or "").status_code for url in urls] == [200, 200, 200]


async def test_a_file_is_verified(live_server: Live, client: Client, clip: Path, tmp_path: Path) -> None:
    video = client.upload(clip, resolutions=["144p"], verify=True)
    assert video.upload.checksum == f"sha-256:{hashlib.sha256(clip.read_bytes()).hexdigest()}"
    assert video.upload.verified
    async with AsyncClient(live_server.url, live_server.key) as asynchronous:
        again = await asynchronous.upload(clip, resolutions=["144p"], verify=True)
        assert again.upload.verified
    other = f"sha-256:{hashlib.sha256(b'other').hexdigest()}"
    with pytest.raises(PlayheadAPIError) as caught:
        client.upload(clip, checksum=other)
    assert (caught.value.code, caught.value.status) == ("checksum_mismatch", 460)
    assert not client.upload(clip, resolutions=["144p"]).upload.verified


async def test_a_checksum_may_be_told_when_all_is_sent(live_server: Live, client: Client, clip: Path) -> None:
    value = anycrc.Model("CRC64-NVME").calc(clip.read_bytes())
    right, other = (
        f"crc64nvme:{base64.b64encode(each.to_bytes(8, 'big')).decode()}" for each in (value, value ^ 1)
    )
    for told in (right, other):
        upload = client.create_upload("clip.mp4", clip.stat().st_size, resolutions=["144p"])
        client.send(upload, clip)
        if told == right:
            video = client.complete_upload(upload.id, checksum=told)
            assert (video.upload.checksum, video.upload.verified) == (right, True)
        else:
            async with AsyncClient(live_server.url, live_server.key) as asynchronous:
                with pytest.raises(PlayheadAPIError) as caught:
                    await asynchronous.complete_upload(upload.id, checksum=told)
            assert caught.value.code == "checksum_mismatch"


async def test_the_same_from_an_event_loop(live_server: Live, clip: Path) -> None:
    told: list[int] = []
    async with AsyncClient(live_server.url, live_server.key) as client:
        with clip.open("rb") as file:
            video = await client.upload(
                file, resolutions=["144p"], is_public=False, on_progress=lambda sent, _: told.append(sent)
            )
        ready = await client.wait(video.id)

        assert told[-1] == clip.stat().st_size
        assert (ready.status, ready.is_public) == ("ready", False)
        assert video.id in [each.id async for each in client.videos(page_size=2)]
        await client.delete_video(video.id)
        with pytest.raises(PlayheadAPIError) as raised:
            await client.video(video.id)
        assert raised.value.code == "not_found"


async def test_a_video_is_made_from_a_url(live_server: Live, client: Client, clip: Path) -> None:
    first = client.wait(client.upload(clip, resolutions=["144p"]).id)
    url = first.renditions[0].video_url
    assert url is not None

    video = client.create_from_url(url, resolutions=["144p"], metadata={"again": True})
    assert (video.status, video.filename) == ("pending_upload", "144p.mp4")
    ready = client.wait(video.id)
    assert ready.upload.received_bytes == ready.upload.size_bytes == first.renditions[0].size_bytes

    async with AsyncClient(live_server.url, live_server.key) as other:
        refused = await other.create_from_url(f"{live_server.url}/nowhere.mp4", filename="named.mp4")
        with pytest.raises(VideoFailedError) as raised:
            await other.wait(refused.id)
    assert (refused.filename, raised.value.code) == ("named.mp4", "source_refused")


def test_listing_reads_every_page_newest_first(client: Client) -> None:
    made = [client.create_upload(f"{number}.mp4", 10).video_id for number in range(3)]

    listed = [video.id for video in client.videos(page_size=2)]

    assert [video_id for video_id in listed if video_id in made] == made[::-1]
    assert len(listed) == len(set(listed))


def test_webhooks(client: Client) -> None:
    hook = client.create_webhook("mine", "http://127.0.0.1:9/hook", events=["video.ready"])

    assert hook.secret
    [listed] = [each for each in client.webhooks() if each.id == hook.id]
    assert (listed.name, listed.format, listed.events) == ("mine", "standard", ["video.ready"])
    assert listed.secret is None
    client.delete_webhook(hook.id)
    assert hook.id not in [each.id for each in client.webhooks()]


def test_a_refusal_has_its_code(client: Client, tmp_path: Path) -> None:
    text = tmp_path / "diary.mp4"
    text.write_text("Dear diary. " * 100)

    with pytest.raises(PlayheadAPIError) as raised:
        client.upload(text)

    assert (raised.value.status, raised.value.code) == (422, "not_a_video")
    assert raised.value.request_id
    assert str(raised.value).endswith(".")


def test_an_empty_file_is_named(client: Client, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()

    with pytest.raises(PlayheadAPIError, match="The file is empty") as raised:
        client.upload(empty)

    assert raised.value.code == "empty_file"


def test_a_wrong_key_is_refused(live_server: Live) -> None:
    with Client(live_server.url, "wrong") as client, pytest.raises(PlayheadAPIError) as raised:
        next(client.videos())

    assert (raised.value.status, raised.value.code) == (401, "invalid_key")


def test_a_video_that_fails_is_raised_by_waiting(client: Client, clip: Path) -> None:
    broken = io.BytesIO(clip.read_bytes().replace(b"moov", b"lost"))
    video = client.upload(broken, filename="broken.mp4")

    with pytest.raises(VideoFailedError) as raised:
        client.wait(video.id)

    assert raised.value.video.status == "fail"
    assert raised.value.code != "unknown"


def test_waiting_ends_when_told(client: Client) -> None:
    upload = client.create_upload("never.mp4", 10)

    with pytest.raises(WaitTimeoutError) as raised:
        client.wait(upload.video_id, give_up_after=0.1)

    assert raised.value.video.status == "pending_upload"


def test_nobody_there_is_named() -> None:
    with Client("http://127.0.0.1:1", "key") as client, pytest.raises(PlayheadConnectionError) as raised:
        client.create_upload("clip.mp4", 10)

    assert str(raised.value) == "No server answers at http://127.0.0.1:1. Is `playhead serve` running there?"


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://127.0.0.1", ""])
def test_an_address_must_be_one(address: str) -> None:
    with pytest.raises(ValueError, match="write http"):
        Client(address, "key")


def test_reading_goes_on_when_the_connection_breaks(live_server: Live) -> None:
    with (
        relay(_address(live_server), cuts=[0, 1]) as between,
        Client(f"http://127.0.0.1:{between.port}", live_server.key) as client,
    ):
        assert isinstance(client.webhooks(), list)

        assert between.connections == 3


def test_creating_goes_on_when_the_connection_breaks_and_creates_once(live_server: Live) -> None:
    with (
        # The second time the whole request arrives, and only its answer is lost.
        relay(_address(live_server), cuts=[1, 10_000]) as between,
        Client(f"http://127.0.0.1:{between.port}", live_server.key) as client,
    ):
        made = client.create_upload("created-once.mp4", 10, metadata={"long": "x" * 15_000})

        assert between.connections == 3
        named = [video.id for video in client.videos() if video.filename == "created-once.mp4"]
        assert named == [made.video_id]


def test_deleting_is_not_repeated(live_server: Live) -> None:
    with (
        relay(_address(live_server), cuts=[1, 1]) as between,
        Client(f"http://127.0.0.1:{between.port}", live_server.key) as client,
    ):
        with pytest.raises(PlayheadConnectionError):
            client.delete_video("00000000-0000-4000-8000-000000000000")

        assert between.connections == 1


async def test_bytes_are_sent_again_when_the_connection_breaks(live_server: Live, clip: Path) -> None:
    content = clip.read_bytes() + (400_000).to_bytes(4, "big") + b"free" + bytes(399_992)
    told: list[int] = []
    async with AsyncClient(live_server.url, live_server.key) as client:
        with relay(_address(live_server), cuts=[300_000]) as between:
            upload = await client.create_upload("clip.mp4", len(content), resolutions=["144p"])
            path = urlsplit(upload.url).path
            through = msgspec.structs.replace(upload, url=f"http://127.0.0.1:{between.port}{path}")

            await client.send(through, io.BytesIO(content), on_progress=lambda sent, _: told.append(sent))

        assert between.connections == 2
        assert told[-1] == len(content)
        assert (await client.complete_upload(upload.id)).upload.received_bytes == len(content)


def test_it_is_told_beforehand_what_becomes_of_a_file(client: Client, clip: Path, tmp_path: Path) -> None:
    told = client.preflight(clip, resolutions=["144p", "8k"])

    assert (told.verdict, told.reasons, told.error) == ("fit", [], None)
    assert told.source is not None
    assert (told.source.width, told.source.height, told.source.video_codec) == (320, 240, "h264")
    assert told.plan is not None
    assert {each.resolution: (each.width, each.height) for each in told.plan.renditions} == {
        "144p": (192, 144),
        "8k": (320, 240),
    }
    assert told.plan.bytes.low >= clip.stat().st_size

    text = tmp_path / "diary.mp4"
    text.write_text("Dear diary. " * 100)
    refused = client.preflight(text)
    assert refused.error is not None
    assert (refused.verdict, refused.error.code) == ("refused", "not_a_video")


async def test_of_a_large_file_only_the_index_is_asked_about(live_server: Live, clip: Path) -> None:
    data = clip.read_bytes()
    at = data.index(b"moov") - 4
    assert data.index(b"mdat") < at  # as ffmpeg writes it: behind the media
    hole = 64 * 1024 * 1024
    large = data[:at] + hole.to_bytes(4, "big") + b"free" + bytes(hole - 8) + data[at:]
    with relay(_address(live_server)) as between:
        async with AsyncClient(f"http://127.0.0.1:{between.port}", live_server.key) as client:
            told = await client.preflight(io.BytesIO(large), filename="large.mp4", resolutions=["144p"])

        assert told.verdict == "fit"
        assert between.taken < 2 * 1024 * 1024


def test_memory_stays_flat(client: Client) -> None:
    size = 64 * 1024 * 1024
    upload = client.create_upload("large.mp4", size)
    tracemalloc.start()
    try:
        client.send(upload, _Zeros(size))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        client.delete_video(upload.video_id)

    assert peak < 4 * 1024 * 1024


class _Zeros:
    """A large file that is nowhere."""

    name = "zeros.mp4"

    def __init__(self, size: int) -> None:
        self._left = self._size = size

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size - self._left

    def seek(self, offset: int, whence: int = 0) -> int:
        self._left = self._size - (offset if whence == 0 else self._size)
        return self.tell()

    def read(self, size: int) -> bytes:
        taken = bytes(min(size, self._left))
        self._left -= len(taken)
        return taken


def _address(server: Live) -> tuple[str, int]:
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port

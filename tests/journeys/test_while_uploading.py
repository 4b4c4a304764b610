"""A film is watched while it is still being uploaded: by its bytes that are there, and by no others."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import httpx
import pytest

from playhead.client import Client
from playhead.media.matroska import read_matroska
from playhead.media.mp4 import read_movie
from playhead.model.plan import TIMESCALE
from playhead.packaging import cut
from playhead.packaging.source import view
from tests import drive
from tests.live import Live

SECONDS = 20
WITHIN = 1.0
"""Seconds from the last byte of the first segment to that segment being served."""
PATIENCE = 30.0
HEAD_BYTES = 2048
"""Of a key frame: they tell of which kind it is."""
TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska"}
MPD = "{urn:mpeg:dash:schema:mpd:2011}"


@dataclass(frozen=True)
class _File:
    data: bytes
    size: int

    async def read(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]


@dataclass
class Gate:
    """Lets bytes pass up to a limit that the test raises."""

    limit: int
    _open: threading.Condition = field(default_factory=threading.Condition)
    reached: float = 0.0
    """When the limit was reached last."""

    def raise_to(self, limit: int) -> None:
        with self._open:
            self.limit, self.reached = limit, 0.0
            self._open.notify_all()

    def wait(self, at: int) -> None:
        with self._open:
            if at >= self.limit and not self.reached:
                self.reached = time.monotonic()
            self._open.wait_for(lambda: at < self.limit, PATIENCE)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds with sound, its index last; a key frame every second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    inputs = ["-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=25:duration={SECONDS}"]
    inputs += ["-f", "lavfi", "-i", f"sine=duration={SECONDS}"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(
        ["ffmpeg", "-v", "error", *inputs, *coding, "-shortest", str(path)], check=True, timeout=60
    )
    return path


@pytest.fixture(scope="session")
def fast_film(film: Path) -> Path:
    """The same with its index first."""
    path = film.with_name("fast.mp4")
    copy = ["-i", str(film), "-c", "copy", "-movflags", "+faststart", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *copy], check=True, timeout=60)
    return path


@pytest.fixture(scope="session", params=["mp4", "mkv"])
def arriving_film(request: pytest.FixtureRequest, fast_film: Path) -> Path:
    """Each container whose beginning can be watched before its end is there."""
    if request.param == "mp4":
        return fast_film
    path = fast_film.with_name("film.mkv")
    copy = ["-i", str(fast_film), "-c", "copy", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *copy], check=True, timeout=60)
    return path


@pytest.fixture
def api(live_server: Live) -> Iterator[httpx.Client]:
    with live_server.http() as client:
        yield client


def ends(path: Path) -> list[int]:
    """For each segment, the byte of the file up to which its pictures and sound reach."""
    data = path.read_bytes()
    found = view(asyncio.run(read_movie(_File(data, len(data)))))
    assert found.video is not None
    reach = [0] * len(found.cuts)
    for lane in (found.video, *found.sounds):
        for number, segment in enumerate(cut(lane, found.cuts, TIMESCALE)):
            spans = lane.spans(segment.first, segment.stop)
            reach[number] = max(reach[number], *(span.offset + span.length for span in spans))
    return reach


@dataclass(frozen=True)
class Reach:
    """For each segment, of a file in the order of its bytes."""

    short: list[int]
    """Bytes with which it cannot be served yet."""
    enough: list[int]
    """Bytes with which it must be."""


def reaches(path: Path) -> Reach:
    """Of an MP4 with its index first, all its own bytes are enough, and the head of the second key frame.

    Of a Matroska file, it takes the key frame that ends it, and a second of pictures behind that.
    """
    if path.suffix == ".mp4":
        found = ends(path)
        second = found[0] + HEAD_BYTES  # where the first segment is one GOP
        return Reach([each - 1 for each in found], [max(each, second) for each in found])
    data = path.read_bytes()
    index = asyncio.run(read_matroska(_File(data, len(data))))
    seen = view(index.movie)
    assert seen.video is not None
    frames = index.frames[0]
    short, enough = [], []
    for number, segment in enumerate(cut(seen.video, seen.cuts, TIMESCALE)):
        (*_, last) = seen.video.spans(segment.first, segment.stop)
        short.append(last.offset + last.length - 1)
        behind = seen.cuts[number + 1] / TIMESCALE + 1 if number + 1 < len(seen.cuts) else SECONDS
        after = [place for place, time in enumerate(frames.times) if time / 1000 >= behind]
        enough.append(frames.offsets[after[0]] + frames.sizes[after[0]] if after else len(data))
    return Reach(short, enough)


def opened(api: httpx.Client, path: Path, **fields: Any) -> dict[str, Any]:
    wanted = {"filename": path.name, "size": path.stat().st_size, "resolutions": ["144p"], **fields}
    answer = api.post("/v1/uploads", json={"play_while_uploading": True, **wanted})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def sending(
    created: dict[str, Any], path: Path, gate: Gate, **headers: str
) -> tuple[threading.Thread, list[int]]:
    """Send a file in one request of which bytes go as the gate lets them; the statuses of the answer."""
    data, statuses = path.read_bytes(), list[int]()

    def blocks() -> Iterator[bytes]:
        at = 0
        while at < len(data):
            gate.wait(at)
            block = data[at : min(gate.limit, at + 4096)]
            yield block
            at += len(block)

    def send() -> None:
        named = {"Content-Type": TYPES[path.suffix], "Content-Length": str(len(data)), **headers}
        with suppress(httpx.TransportError):
            statuses.append(
                httpx.put(created["url"], content=blocks(), headers=named, timeout=60).status_code
            )

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread, statuses


def until(look: Callable[[], httpx.Response], status: int = 200) -> httpx.Response:
    """The answer, once it has that status."""
    deadline = time.monotonic() + PATIENCE
    while (answer := look()).status_code != status:
        assert time.monotonic() < deadline, (answer.status_code, answer.text)
        time.sleep(0.02)
    return answer


def uris(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def test_its_segments_are_served_as_they_arrive_and_stay_the_same(
    api: httpx.Client, live_server: Live, arriving_film: Path
) -> None:
    reach, size = reaches(arriving_film), arriving_film.stat().st_size
    created = opened(api, arriving_film)
    base = f"{live_server.url}/v/{created['video_id']}/"
    # One byte is missing of the first segment: nothing may be promised.
    gate = Gate(reach.short[0])
    thread, statuses = sending(
        created, arriving_film, gate, **{"Content-Range": f"bytes 0-{size - 1}/{size}"}
    )
    part = {"Content-Range": "bytes */*"}
    until(lambda: httpx.put(created["url"], headers=part), 308)
    while (
        int(httpx.put(created["url"], headers=part).headers.get("range", "bytes=0-0")[8:])
        < reach.short[0] - 1
    ):
        time.sleep(0.02)
    for name in ("master.m3u8", "manifest.mpd"):
        early = httpx.get(base + name)
        assert (early.status_code, early.json()["code"]) == (503, "not_ready")
    assert drive.video(api, created["video_id"])["playable_at"] is None

    gate.raise_to(reach.enough[0])
    while not gate.reached:
        time.sleep(0.005)
    until(lambda: httpx.get(base + "master.m3u8"))
    playlist = httpx.get(base + "source.m3u8")
    first = httpx.get(urljoin(base, uris(playlist.text)[0]))
    assert first.status_code == 200
    served_after = time.monotonic() - gate.reached
    assert served_after < WITHIN, served_after
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in playlist.text
    assert "#EXT-X-ENDLIST" not in playlist.text
    assert playlist.headers["cache-control"] == "public, max-age=1"
    assert len(uris(playlist.text)) == 1
    beyond = httpx.get(urljoin(base, uris(playlist.text)[0].replace("source-0", "source-5")))
    assert (beyond.status_code, beyond.json()["code"]) == (503, "not_ready")
    seen = drive.video(api, created["video_id"])
    assert (seen["status"], seen["playable_at"] is None) == ("pending_upload", False)
    assert seen["hls_url"] == base + "master.m3u8"

    manifest = ElementTree.fromstring(httpx.get(base + "manifest.mpd").text)
    assert manifest.get("type") == "dynamic"
    lasting = float((manifest.get("mediaPresentationDuration") or "")[2:-1])
    assert lasting == pytest.approx(SECONDS, abs=0.03 if arriving_film.suffix == ".mkv" else 0)
    assert manifest.get("minimumUpdatePeriod") is not None
    assert [_listed(timeline) for timeline in manifest.iter(f"{MPD}SegmentTimeline")] == [1, 1]

    targets, arrived = {_target(playlist.text)}, 1
    for number, limit in ((4, reach.enough[4]), (len(reach.enough) - 1, size)):
        gate.raise_to(limit)
        while arrived <= number:
            playlist = httpx.get(base + "source.m3u8")
            arrived = len(uris(playlist.text))
            targets.add(_target(playlist.text))
            time.sleep(0.02)
    thread.join(PATIENCE)
    assert statuses == [200]
    assert len(targets) == 1
    ended = httpx.get(base + "manifest.mpd")
    assert ' type="static"' in ended.text
    assert "minimumUpdatePeriod" not in ended.text
    whole = {name: httpx.get(base + name).text for name in ("source.m3u8", "audio.m3u8")}
    assert all(text.endswith("#EXT-X-ENDLIST\n") for text in whole.values())
    assert _frames(base + "master.m3u8") == _frames(str(arriving_film))
    if arriving_film.suffix == ".mkv":  # of which no edit list hides a packet
        assert _packets(base + "master.m3u8") == _packets(str(arriving_film))

    names = [each for text in whole.values() for each in uris(text)]
    names += ["source-init.mp4", "audio-init.mp4"]
    before = {name: httpx.get(urljoin(base, name)).content for name in names}
    assert api.post(f"/v1/uploads/{created['id']}/complete").status_code == 200
    assert {name: httpx.get(urljoin(base, name)).content for name in names} == before
    assert drive.wait(api, created["video_id"])["status"] == "ready"
    assert {name: httpx.get(urljoin(base, name)).content for name in names} == before
    assert uris(httpx.get(base + "source.m3u8").text) == uris(whole["source.m3u8"])
    told = drive.video(api, created["video_id"])
    assert told["playable_at"] == seen["playable_at"]


def test_the_client_sends_the_index_first_and_the_bytes_stay_the_same(
    live_server: Live, api: httpx.Client, film: Path
) -> None:
    reach, size = ends(film), film.stat().st_size
    head = film.read_bytes().index(b"mdat") + 12
    index = size - film.read_bytes().rindex(b"moov") + 4
    gate = Gate(head + index + reach[0])
    ids: list[str] = []

    def send() -> None:
        with Client(live_server.url, live_server.key) as client, film.open("rb") as file:
            upload = client.create_upload("film.mp4", size, resolutions=["144p"], play_while_uploading=True)
            ids.append(upload.video_id)
            client.send(upload, file, on_progress=lambda sent, _: gate.wait(sent))
            client.complete_upload(upload.id)

    # Blocks are a quarter of a megabyte, so the gate holds at the first that ends behind the first segment.
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    while not gate.reached:
        time.sleep(0.01)
    base = f"{live_server.url}/v/{ids[0]}/"
    until(lambda: httpx.get(base + "master.m3u8"))
    playlist = httpx.get(base + "source.m3u8").text
    assert httpx.get(urljoin(base, uris(playlist)[0])).status_code == 200
    served_after = time.monotonic() - gate.reached
    assert served_after < WITHIN, served_after
    assert "#EXT-X-ENDLIST" not in playlist
    gate.raise_to(size + 1)
    thread.join(PATIENCE)
    assert drive.wait(api, ids[0])["status"] == "ready"
    stored = next((live_server.data / "storage" / "videos" / ids[0] / "source").iterdir())
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
    assert _frames(base + "master.m3u8") == _frames(str(film))


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "parts"])
def test_an_upload_that_is_given_up_ends_what_players_see(
    api: httpx.Client, live_server: Live, arriving_film: Path, plain: bool
) -> None:
    reach, size = reaches(arriving_film), arriving_film.stat().st_size
    created = opened(api, arriving_film)
    base = f"{live_server.url}/v/{created['video_id']}/"
    gate = Gate(reach.enough[2])
    headers = {} if plain else {"Content-Range": f"bytes 0-{size - 1}/{size}"}
    thread, statuses = sending(created, arriving_film, gate, **headers)
    until(lambda: httpx.get(base + "source.m3u8"))
    assert httpx.delete(created["url"]).status_code == 204
    for name in ("master.m3u8", "manifest.mpd", "source.m3u8", "source-0.m4s"):
        ended = httpx.get(base + name)
        assert (ended.status_code, ended.json()["code"]) == (410, "upload_ended")
    gate.raise_to(size)
    thread.join(PATIENCE)
    assert statuses in ([], [409], [410])
    assert drive.video(api, created["video_id"])["error"]["code"] == "upload_ended"


def test_a_private_one_needs_its_token_and_others_are_not_shown(
    api: httpx.Client, live_server: Live, fast_film: Path
) -> None:
    data = fast_film.read_bytes()
    shown = opened(api, fast_film, is_public=False)
    not_asked = opened(api, fast_film, play_while_uploading=False)
    for created in (shown, not_asked):
        part = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{len(data) // 2 - 1}/{len(data)}"}
        assert httpx.put(created["url"], content=data[: len(data) // 2], headers=part).status_code == 308
        bare = f"{live_server.url}/v/{created['video_id']}/master.m3u8"
        assert httpx.get(bare).status_code == 404
    url = drive.video(api, shown["video_id"])["hls_url"]
    assert "/~" in url
    answer = httpx.get(url)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, max-age=1"
    assert httpx.get(urljoin(url, "source-0.m4s")).status_code == 200
    assert drive.video(api, not_asked["video_id"])["playable_at"] is None


def _listed(timeline: ElementTree.Element) -> int:
    return sum(1 + int(run.get("r", "0")) for run in timeline)


def _target(playlist: str) -> str:
    return next(line for line in playlist.splitlines() if line.startswith("#EXT-X-TARGETDURATION"))


def _frames(source: str) -> list[str]:
    """The hash of every frame and of the sound, decoded by ffmpeg without a complaint."""
    argv = ["ffmpeg", "-v", "warning", "-i", source, "-map", "0:v:0", "-f", "framemd5", "-"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    assert "error" not in done.stderr.lower(), done.stderr
    frames = [
        line.rsplit(",", 1)[-1].strip() for line in done.stdout.splitlines() if not line.startswith("#")
    ]
    assert len(frames) == SECONDS * 25
    return frames


def _packets(source: str) -> list[str]:
    """The hash of every packet of sound."""
    argv = ["ffmpeg", "-v", "warning", "-i", source, "-map", "0:a:0", "-c", "copy", "-f", "framemd5", "-"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    return [line.rsplit(",", 1)[-1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]

"""What must be true after any fault, once everything has settled; checked from outside, with independent tools.

`violations` is empty when all is well. The letters I1 to I9 are those of the invariants in
`docs/decisions/`: nothing acknowledged is lost, nothing happens twice, nothing half-made is visible, nothing
is left behind.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from playhead.model.errors import ERRORS
from playhead.model.states import Status
from tests import drive
from tests.faults.receiver import Receiver
from tests.live import Live
from tests.media import checks

SETTLED_WITHIN = 60.0
"""Seconds that sweeping and webhooks get after the last video is over."""
ENDS = {"video.ready": "video-processing-success", "video.failed": "video-processing-fail"}
"""The event of each end, and what the contract's webhook calls it."""


@dataclass(frozen=True)
class Sent:
    """An upload that was acknowledged as complete, and what its renditions must show."""

    video_id: str
    path: Path
    frames: int
    seconds: float


@dataclass(frozen=True)
class Scene:
    """A server, and everything it keeps."""

    live: Live
    database: str
    storage: Path
    receiver: Receiver | None = None

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database answers."""
        with psycopg.connect(self.database, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def told(self, video_id: str) -> list[str]:
        """The types of a video's events, in order."""
        found = self.rows("SELECT type FROM events WHERE video_id = %s ORDER BY id", video_id)
        return [row["type"] for row in found]


def violations(scene: Scene, sent: Sequence[Sent], folder: Path) -> list[str]:
    """Everything that is wrong, as sentences. `folder` takes what is fetched. The server must be running."""
    _wait_until_settled(scene)
    found = [*_storage(scene), *_rest(scene), *_counters(scene)]
    with scene.live.http() as client:
        for each in sent:
            found += _source(scene, each)
            found += _video(scene, each, drive.video(client, each.video_id), folder)
            found += _ends(scene, each.video_id)
    return found


def unswept(scene: Scene) -> list[str]:
    """What is stored for nothing once everything that was replaced had its time to go."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while scene.rows(_GOING) and time.monotonic() < deadline:
        time.sleep(0.2)
    return [*(f"{row['key']} is still doomed" for row in scene.rows(_GOING)), *_storage(scene)]


_GOING = "SELECT key FROM objects WHERE state = 'doomed'"


def leftovers(data: Path) -> list[str]:
    """Processes that still have to do with a data folder, once its server has stopped."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(data) in word for word in words):
            found.append(" ".join(words)[:200])
    return found


def _wait_until_settled(scene: Scene) -> None:
    """Until what is over is swept and told, and nobody works any more; what stays is then found by name."""
    deadline = time.monotonic() + SETTLED_WITHIN
    pending = (
        "SELECT (SELECT count(*) FROM objects WHERE state = 'writing' OR due_at <= now())"
        " + (SELECT count(*) FROM deliveries WHERE next_at IS NOT NULL)"
        " + (SELECT count(*) FROM videos WHERE status = 'processing') AS number"
    )
    while (scene.rows(pending)[0]["number"] or any(_rest(scene))) and time.monotonic() < deadline:
        time.sleep(0.2)


def _storage(scene: Scene) -> Iterator[str]:
    """I5: the store holds what the ledger says, and the ledger keeps what the other rows refer to."""
    ledger = _ledger(scene)
    kept = {row["key"] for row in ledger if row["state"] == "kept"}
    # What was replaced stays for its readers' last look.
    going = {row["key"] for row in ledger if row["state"] == "doomed" and not row["due"]}
    # The keys of refused attempts stay known for hours, in case their writer comes back.
    late = [
        row for row in ledger if row["key"] not in kept | going and (row["state"] != "refused" or row["due"])
    ]
    yield from (f"{row['key']} is still {row['state']}" for row in late)
    stored = {
        path.relative_to(scene.storage).as_posix() for path in scene.storage.rglob("*") if path.is_file()
    }
    yield from (f"{key} is kept but not stored" for key in kept - stored)
    yield from (f"{key} is stored but not kept" for key in stored - kept - going)
    yield from (f"the folder {path} is empty" for path in scene.storage.rglob("*") if _is_empty(path))
    referred = {row["key"] for row in scene.rows(_REFERRED)}
    yield from (f"{key} is referred to but not kept" for key in referred - kept)
    yield from (f"{key} is kept for nothing" for key in kept - referred)


def _ledger(scene: Scene) -> list[dict[str, Any]]:
    """As it is once nothing is due; what stays due for longer than sweeping takes is told as it stands."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while True:
        ledger = scene.rows("SELECT key, state, due_at <= now() AS due FROM objects")
        if time.monotonic() > deadline or not any(row["due"] for row in ledger if row["state"] != "kept"):
            return ledger
        time.sleep(0.2)


_REFERRED = (
    "SELECT source_key AS key FROM videos WHERE source_key IS NOT NULL"
    " UNION SELECT index_key FROM videos WHERE index_key IS NOT NULL"
    " UNION SELECT poster_key FROM videos WHERE poster_key IS NOT NULL"
    " UNION SELECT key FROM renditions WHERE key IS NOT NULL"
    " UNION SELECT key FROM images"
    " UNION SELECT key FROM captions WHERE key IS NOT NULL"
    " UNION SELECT key FROM stretches"
    # The first sound is in every rendition; the others are where they were made.
    " UNION SELECT pieces.key FROM pieces JOIN videos ON videos.id = video_id"
    " WHERE track LIKE 'audio-%%' AND pieces.key IS NOT NULL AND status <> 'fail'"
)


def _rest(scene: Scene) -> Iterator[str]:
    """Nothing lies where work is done: no bytes of finished uploads, no scratch of dead or idle workers."""
    waiting = {
        str(row["id"]) for row in scene.rows("SELECT id FROM uploads WHERE state IN ('waiting', 'received')")
    }
    incoming = scene.live.data / "incoming"
    if incoming.exists():
        yield from (f"{path} is left in incoming" for path in incoming.iterdir() if path.name not in waiting)
    parts = scene.live.data / "parts"
    begun = {row["id"].hex for row in scene.rows("SELECT id FROM multiparts WHERE state = 'open'")}
    if parts.exists():
        yield from (f"{path} is left in parts" for path in parts.iterdir() if path.name not in begun)
    for worker in (scene.live.data / "scratch").iterdir():
        names = sorted(path.name for path in worker.iterdir())
        if names != ["lock"]:
            yield f"{worker} has {names}"
        if not _is_locked(worker / "lock"):
            yield f"{worker} is a dead worker's"


def _counters(scene: Scene) -> Iterator[str]:
    """I6: what projects are said to use is what they use."""
    for row in scene.rows(_COUNTED):
        told, found = (row["used_videos"], row["used_open_uploads"], row["used_bytes"]), tuple(row["recount"])
        if told != found:
            yield f"{row['name']} is said to use {told} videos, open uploads and bytes, and uses {found}"


_COUNTED = (
    "SELECT name, used_videos, used_open_uploads, used_bytes, ARRAY["
    " (SELECT count(*) FROM videos WHERE project_id = projects.id AND replaces IS NULL),"
    " (SELECT count(*) FROM uploads WHERE project_id = projects.id AND state IN ('waiting', 'received')),"
    " (SELECT coalesce(sum(source_size), 0) FROM videos WHERE project_id = projects.id AND replaces IS NULL)"
    " + (SELECT coalesce(sum(reserved_bytes), 0) FROM uploads"
    " WHERE project_id = projects.id AND state IN ('waiting', 'received'))"
    " + (SELECT coalesce(sum(reserved_bytes), 0) FROM partials WHERE project_id = projects.id)]::bigint[]"
    " AS recount FROM projects"
)


def _source(scene: Scene, sent: Sent) -> Iterator[str]:
    """I1: every byte of an acknowledged upload is there."""
    row = scene.rows("SELECT source_key FROM videos WHERE id = %s", sent.video_id)
    if not row or row[0]["source_key"] is None:
        yield f"{sent.video_id} has lost its source"
    elif _sha256(scene.storage / row[0]["source_key"]) != _sha256(sent.path):
        yield f"the source of {sent.video_id} is not what was sent"


def _video(scene: Scene, sent: Sent, video: dict[str, Any], folder: Path) -> Iterator[str]:
    """I3, I4 and I8: it is over, whatever it shows is whole, and a failure has its name."""
    if video["status"] == Status.FAIL:
        yield from _unnamed(f"{sent.video_id}", video["error"])
        return
    if video["status"] != Status.READY:
        yield f"{sent.video_id} is stuck: {video['status']} after {scene.told(sent.video_id)}"
        return
    if video["poster_url"] is not None:
        yield from _picture(video["poster_url"])
    elif "poster" not in {each["part"] for each in video["left_out"]}:
        yield f"{sent.video_id} is ready without a poster, and does not say why"
    for part in video["left_out"]:
        yield from _unnamed(f"the {part['part']} of {sent.video_id}", part)
    for rendition in video["renditions"]:
        if rendition["status"] == Status.FAIL:
            yield from _unnamed(f"{sent.video_id} {rendition['resolution']}", rendition["error"])
        elif rendition["status"] != Status.READY:
            yield f"{sent.video_id} is ready, but its {rendition['resolution']} is {rendition['status']}"
        else:
            yield from _rendition(scene, sent, rendition, folder)


def _rendition(scene: Scene, sent: Sent, rendition: dict[str, Any], folder: Path) -> Iterator[str]:
    name = f"{sent.video_id} {rendition['resolution']}"
    path = drive.fetch(rendition["video_url"], folder / "fetched.mp4")
    row = scene.rows("SELECT etag FROM renditions WHERE id = %s", rendition["id"])[0]
    if path.stat().st_size != rendition["size_bytes"] or _sha256(path) != row["etag"]:
        yield f"{name} is not served as it was made"
    seen = checks.inspect_mp4(path)
    if seen.warnings:
        yield f"{name} decodes with {seen.warnings[:3]}"
    if seen.frames != sent.frames:
        yield f"{name} has {seen.frames} frames of {sent.frames}"
    if abs(seen.duration - sent.seconds) > max(0.1, sent.seconds / sent.frames):
        yield f"{name} lasts {seen.duration} s of {sent.seconds} s"
    for url in rendition["thumbnail_urls"]:
        yield from _picture(url)


def _picture(url: str) -> Iterator[str]:
    answer = httpx.get(url, timeout=30)
    if (
        answer.status_code != 200
        or answer.content[:3] != b"\xff\xd8\xff"
        or answer.content[-2:] != b"\xff\xd9"
    ):
        yield f"{url} answers {answer.status_code} and {len(answer.content)} bytes that are no JPEG"


def _ends(scene: Scene, video_id: str) -> Iterator[str]:
    """I2: one end, told once, however often it was delivered; and one end of each rendition."""
    told = Counter(scene.told(video_id))
    if told["video.ready"] + told["video.failed"] != 1:
        yield f"{video_id} has ended {told}"
    if told["video.uploaded"] != 1 or told["video.planned"] > 1 or told["video.poster"] > 1:
        yield f"{video_id} has done things twice: {told}"
    finished = scene.rows(
        "SELECT data->>'track' AS track FROM events WHERE video_id = %s AND type = 'video.rendition_ready'",
        video_id,
    )
    tracks = [row["track"] for row in finished]
    yield from (f"{video_id} has finished {track} twice" for track in set(tracks) if tracks.count(track) > 1)
    if scene.receiver is not None:
        for event, name in ENDS.items():
            ids = scene.receiver.ids(video_id, name)
            if len(ids) != told[event]:
                yield f"{video_id} was told {name} under the ids {ids}"


def _unnamed(name: str, error: dict[str, Any] | None) -> Iterator[str]:
    if error is None or error["code"] not in ERRORS or not error["message"]:
        yield f"{name} has failed without a reason: {error}"


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _is_locked(path: Path) -> bool:
    """Whether a living process holds the lock, as the kernel lists them."""
    inode = f":{path.stat().st_ino} "
    return any(inode in line for line in Path("/proc/locks").read_text().splitlines())


def _sha256(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

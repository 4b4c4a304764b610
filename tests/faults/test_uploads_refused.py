"""Uploads in several requests that are wrong, too much, too late, nothing at all or huge: each ends by name."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import drive
from tests.faults.speakers import Ranges, Speaker, Tus
from tests.faults.stage import Stage, clip
from tests.invariants import violations

pytestmark = pytest.mark.parametrize("speaks", [Tus, Ranges])

HUGE = 100 * 10**9
YEARS = 3 * 365 * 24 * 3600


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def arrived(stage: Stage, speaker: Speaker) -> Path:
    """Where its bytes lie as long as it is not complete."""
    return stage.data / "incoming" / speaker.upload_id


def taken(client: httpx.Client, speaker: Speaker, content: bytes) -> None:
    """It goes on, and is whole in the end; what becomes of the video is another test's."""
    at = speaker.stands()
    assert speaker.send(content[at:], at).is_success
    assert speaker.stands() == len(content)
    video = client.get(f"/v1/videos/{speaker.video_id}").json()
    assert video["upload"]["received_bytes"] == len(content)
    assert client.delete(f"/v1/videos/{speaker.video_id}").status_code == 204


def test_what_does_not_add_up_is_refused_with_its_last_byte(
    stage: Stage, tmp_path: Path, speaks: type[Speaker]
) -> None:
    content = clip(stage.folder).read_bytes()
    half, checksum = len(content) // 2, f"sha-256:{hashlib.sha256(content).hexdigest()}"
    with stage.live.http() as client:
        speaker = speaks.created(client, len(content), checksum=checksum)
        assert speaker.send(content[:half], 0).status_code in (204, 308)
        wrong = content[half:-1] + bytes([content[-1] ^ 1])
        assert refused(speaker.send(wrong, half)) == (460, "checksum_mismatch")
        ended = drive.wait(client, speaker.video_id)
        assert (ended["status"], ended["error"]["code"]) == ("fail", "checksum_mismatch")
        assert not arrived(stage, speaker).exists()
        again = speaks.created(client, len(content), checksum=checksum)
        again.send(content[:half], 0)
        assert again.send(content[half:], half).is_success
        assert client.get(f"/v1/videos/{again.video_id}").json()["upload"]["verified"]
        client.delete(f"/v1/videos/{again.video_id}")
    assert violations(stage.scene, [], tmp_path) == []


def test_more_than_was_declared_is_refused_and_ends_nothing(stage: Stage, speaks: type[Speaker]) -> None:
    content = clip(stage.folder).read_bytes()
    half = len(content) // 2

    def longer() -> Iterator[bytes]:
        yield content[half:]
        yield b"more"

    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        speaker.send(content[:half], 0)
        speaker.size += 1  # as it says itself, where it says anything
        assert refused(speaker.send(content[half:] + b"x", half)) == (413, "upload_too_large")
        speaker.size -= 1
        assert refused(speaker.send(longer(), half)) == (400, "malformed_request")
        assert half <= speaker.stands() < len(content)
        taken(client, speaker, content)


def test_whoever_comes_too_late_is_told_so(stage: Stage, speaks: type[Speaker]) -> None:
    content = clip(stage.folder).read_bytes()
    half = len(content) // 2
    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        speaker.send(content[:half], 0)
        stage.rows("UPDATE uploads SET expires_at = now() WHERE id = %s RETURNING 1", speaker.upload_id)
        assert refused(speaker.send(content[half:], half)) == (410, "url_expired")
        ended = drive.wait(client, speaker.video_id)
        assert (ended["status"], ended["error"]["code"]) == ("fail", "upload_expired")
        assert refused(speaker.send(content[half:], half)) == (410, "url_expired")
        assert not arrived(stage, speaker).exists()
        client.delete(f"/v1/videos/{speaker.video_id}")


def test_nothing_at_all_is_no_file(stage: Stage, tmp_path: Path, speaks: type[Speaker]) -> None:
    with stage.live.http() as client:
        refusal = client.post("/v1/uploads", json={"filename": "a.mp4", "size": 0})
        assert refused(refusal) == (422, "invalid_request")
        speaker = speaks.created(client, None)
        if speaks is Tus:
            speaker.besides = {"Upload-Length": "0"}
            answer = speaker.send(b"", 0)
        else:
            said = httpx.put(speaker.url, headers={"Content-Range": "bytes */0"})
            assert refused(said) == (422, "empty_file")
            answer = httpx.put(speaker.url, content=b"", headers={"Content-Type": "video/mp4"})
        assert refused(answer) == (422, "empty_file")
        ended = drive.wait(client, speaker.video_id)
        assert (ended["status"], ended["error"]["code"]) == ("fail", "empty_file")
    assert violations(stage.scene, [], tmp_path) == []


def test_a_hundred_gigabytes_may_be_announced(stage: Stage, speaks: type[Speaker]) -> None:
    content = clip(stage.folder).read_bytes()
    with stage.live.http() as client:
        speaker = speaks.created(client, HUGE)
        assert speaker.send(content, 0).status_code in (204, 308)
        if speaks is Ranges:  # in any order
            assert speaker.send(b"the end", HUGE - 7).status_code == 308
        assert speaker.stands() == len(content)
        kept = (arrived(stage, speaker) / "bytes").stat()
        assert kept.st_size == HUGE
        assert kept.st_blocks * 512 < len(content) + 1024 * 1024
        assert httpx.delete(speaker.url).status_code == 204
        assert not arrived(stage, speaker).exists()


def test_the_clock_of_who_sends_does_not_count(stage: Stage, speaks: type[Speaker]) -> None:
    content = clip(stage.folder).read_bytes()
    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        for start, ahead in ((0, YEARS), (1000, -YEARS)):
            wrong = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + ahead))
            speaker.besides = {"Date": wrong, "If-Unmodified-Since": wrong}
            assert speaker.send(content[start : start + 1000], start).status_code in (204, 308)
        taken(client, speaker, content)

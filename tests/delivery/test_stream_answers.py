"""Streaming as HTTP: what may be kept and by whom, what is sent again, in part, or not at all."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from playhead.model.plan import Plan
from tests.delivery.clips import fit
from tests.delivery.making import Making, making

__all__ = ["fit", "making"]

IMMUTABLE = "public, max-age=31536000, immutable"
SEGMENT = "source-1.m4s"


@pytest.fixture
async def planned(making: Making, fit: Path) -> tuple[UUID, Plan]:
    return await making.planned(fit, "144p")


async def test_playlists_are_kept_briefly_and_asked_for_again(
    making: Making, planned: tuple[UUID, Plan]
) -> None:
    video_id, _ = planned
    kinds = {"master.m3u8": "application/vnd.apple.mpegurl", "manifest.mpd": "application/dash+xml"}
    kinds |= dict.fromkeys(
        ("source.m3u8", "audio.m3u8", "source-keyframes.m3u8"), "application/vnd.apple.mpegurl"
    )
    for name, kind in kinds.items():
        answer = await making.get(video_id, name)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == "public, max-age=1"
        assert "://" not in answer.text
        held = await making.get(video_id, name, **{"if-none-match": answer.headers["etag"]})
        assert (held.status_code, held.content) == (304, b"")
        assert held.headers["etag"] == answer.headers["etag"]
        head = await making.origin.client.head(f"/v/{video_id}/{name}")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))


async def test_a_change_is_told_by_the_tag(making: Making, planned: tuple[UUID, Plan]) -> None:
    video_id, plan = planned
    before = await making.get(video_id, "master.m3u8")
    await making.finish(video_id, plan)
    after = await making.get(video_id, "master.m3u8", **{"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["cache-control"] == "public, max-age=60"
    assert len(after.text) > len(before.text)


async def test_only_the_right_version_is_kept_for_ever(making: Making, planned: tuple[UUID, Plan]) -> None:
    video_id, _ = planned
    segment = next(name for name in await making.names(video_id, "source.m3u8") if name.startswith(SEGMENT))
    for name in (segment, segment.replace(SEGMENT, "source-init.mp4")):
        assert (await making.get(video_id, name)).headers["cache-control"] == IMMUTABLE
        for other in (name.partition("?")[0], name[:-1], f"{name}0"):
            answer = await making.get(video_id, other)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=60")


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-0", 0, 0), ("bytes=10-20000", 10, 20_000), ("bytes=-5", -5, -1)]
)
async def test_a_part_of_a_segment(
    making: Making, planned: tuple[UUID, Plan], asked: str, first: int, last: int
) -> None:
    video_id, _ = planned
    whole = (await making.get(video_id, SEGMENT)).content
    if first < 0:
        first, last = len(whole) + first, len(whole) + last
    answer = await making.get(video_id, SEGMENT, range=asked)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer.content == whole[first : last + 1]


async def test_beyond_a_segment_and_a_tag_for_its_parts(making: Making, planned: tuple[UUID, Plan]) -> None:
    video_id, _ = planned
    whole = await making.get(video_id, SEGMENT)
    beyond = await making.get(video_id, SEGMENT, range=f"bytes={len(whole.content)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")
    tag = whole.headers["etag"]
    same = await making.get(video_id, SEGMENT, **{"range": "bytes=0-3", "if-range": tag})
    other = await making.get(video_id, SEGMENT, **{"range": "bytes=0-3", "if-range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert (await making.get(video_id, SEGMENT, **{"if-none-match": tag})).status_code == 304
    tags = {(await making.get(video_id, f"source-{number}.m4s")).headers["etag"] for number in range(3)}
    assert len(tags) == 3


async def test_what_there_is_not(making: Making, planned: tuple[UUID, Plan]) -> None:
    video_id, plan = planned
    track = plan.renditions[0].track
    count = len(plan.segments)
    missing = [
        *("source-999.m4s", f"source-{count}.m4s", f"{track}-{count}.m4s", f"audio-{count}.m4s"),
        *("source-keyframe-999.m4s", "640x361.m3u8", "640x361-init.mp4", "640x361-0.m4s"),
        *("audio-2.m3u8", "audio-2-0.m4s", "audio-2-init.mp4", "audio-1.m3u8", "audio-0.m3u8"),
        *("audio-keyframes.m3u8", "audio-keyframe-0.m4s", f"{track}-keyframes.m3u8"),
        *("source-01.m4s", "source-1.m4s.m4s", "master.m3u9", "source-1000000.m4s", "source--1.m4s"),
    ]
    for name in missing:
        answer = await making.get(video_id, name)
        assert (name, answer.status_code) == (name, 404)
        assert answer.headers["cache-control"] == "no-store"
    assert (await making.get(uuid4(), "master.m3u8")).status_code == 404


async def test_a_private_video_takes_its_token_along(making: Making, fit: Path) -> None:
    video_id, _ = await making.planned(fit, "144p", is_public=False)
    stranger = uuid4()
    for name in ("master.m3u8", "manifest.mpd", "source.m3u8", "source-init.mp4", SEGMENT):
        refused, unknown = await making.get(video_id, name), await making.get(stranger, name)
        assert (refused.status_code, refused.json()) == (404, unknown.json()), (
            "it should look like none at all"
        )
    token = making.origin.urls.playback_token(video_id, int(time.time()) + 100)
    master = httpx.URL(making.origin.urls.hls(video_id, token))
    uri, seen = master, []
    for _ in range(2):
        answer = await making.origin.client.get(uri)
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("private, max-age=")
        listed = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
        assert all("/" not in line for line in listed), "relative to the token"
        uri = uri.join(listed[-1])
        seen.append(uri)
    segment = await making.origin.client.get(uri)
    assert segment.status_code == 200
    lifetime = segment.headers["cache-control"]
    assert lifetime.startswith("private, max-age=")
    assert int(lifetime.split("=")[1].split(",")[0]) <= 100
    old = making.origin.urls.playback_token(video_id, int(time.time()) - 1)
    other = making.origin.urls.playback_token(stranger, int(time.time()) + 100)
    for wrong, status in ((old, 410), (other, 403), (token[:-1], 403)):
        answer = await making.get(video_id, f"~{wrong}/{SEGMENT}")
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")

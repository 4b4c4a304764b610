"""What load balancers, graphs and embed pages are told, over the wire."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update

from playhead.api.embeds import Embeds
from playhead.api.health import metrics
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import remaking, videos
from playhead.records.tables import videos as rows
from tests.live import Live
from tests.records.conftest import Shop, shop

__all__ = ["shop"]


def test_health_needs_no_key_and_says_that_it_is_well(live_server: Live) -> None:
    answer = httpx.get(f"{live_server.url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_metrics_count_videos_and_jobs(live_server: Live) -> None:
    with live_server.http() as client:
        created = client.post("/v1/uploads", json={"filename": "a.mp4", "resolutions": ["144p"]})
        assert created.status_code == 201, created.text
        told = client.get("/metrics")
    assert metrics.paths == {"/metrics"}
    assert told.headers["content-type"].startswith("text/plain")
    (line,) = [
        line for line in told.text.splitlines() if line.startswith('playhead_videos{status="pending_upload"}')
    ]
    assert float(line.split()[-1]) >= 1


@pytest.mark.parametrize("is_public", [True, False])
async def test_an_embed_page_opens_to_everyone_or_with_a_token(shop: Shop, is_public: bool) -> None:
    signer = Signer(["s" * 40])
    embeds = Embeds(shop.records, Urls("http://host", signer), signer)
    video_id = await shop.video(is_public=is_public)
    token = signer.sign("playback", str(video_id), 4_000_000_000)
    assert (await embeds(video_id, token)).title == "a.mp4"
    if is_public:
        assert (await embeds(video_id, None)).sources == ()
        return
    with pytest.raises(PlayheadError) as caught:
        await embeds(video_id, None)
    assert caught.value.code == "not_found"
    with pytest.raises(PlayheadError) as forged:
        await embeds(video_id, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert forged.value.code == "url_invalid"


async def test_what_a_video_is_made_again_as_has_no_page(shop: Shop) -> None:
    signer = Signer(["s" * 40])
    embeds = Embeds(shop.records, Urls("http://host", signer), signer)
    video, _ = await shop.planned()
    async with shop.records.transaction() as tx:
        await tx.connection.execute(update(rows).values(status=Status.READY))
        await remaking.begin(tx, await videos.get(tx, video["id"], lock=True))
        remake = (
            await tx.connection.execute(select(rows.c.id).where(rows.c.replaces == video["id"]))
        ).scalar_one()
    assert (await embeds(video["id"], None)).title == "a.mp4"
    with pytest.raises(PlayheadError) as caught:
        await embeds(remake, None)
    assert caught.value.code == "not_found"


async def test_an_embed_of_nothing_is_not_found(shop: Shop) -> None:
    signer = Signer(["s" * 40])
    embeds = Embeds(shop.records, Urls("http://host", signer), signer)
    with pytest.raises(PlayheadError) as caught:
        await embeds(uuid4(), None)
    assert caught.value.code == "not_found"
    async with shop.records.transaction() as tx:
        assert await videos.find(tx, uuid4()) is None

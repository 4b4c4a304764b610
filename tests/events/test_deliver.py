"""From an event in the log to a receiver: at least once, on schedule, and never for ever."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from playhead.events.deliver import deliver
from playhead.events.message import Message
from playhead.events.schedule import RETRIES
from playhead.events.sender import Outcome, Sender
from playhead.records import events, webhooks
from playhead.records.database import Row
from tests.events.conftest import URLS, Project
from tests.events.receivers import receiving

SENDER = Sender(local_networks_allowed=True, timeout_seconds=10)


async def _deliver(project: Project, delivery: Row, sender: Sender = SENDER) -> Row:
    """One attempt; the delivery as it stands afterwards."""
    await deliver(delivery["id"], records=project.records, urls=URLS, sender=sender, now=datetime.now(UTC))
    return next(row for row in await project.deliveries() if row["id"] == delivery["id"])


async def test_a_ready_video_is_told_once(project: Project) -> None:
    async with receiving() as receiver:
        hook = await project.webhook(receiver.url)
        video = await project.video(metadata={"a": 1})
        await project.make_ready(video)
        deliveries = await project.deliveries()
        assert [row["type"] for row in deliveries] == ["video.created", "video.ready"]
        done = await _deliver(project, deliveries[1])
        assert done["delivered_at"] is not None
        assert (done["attempts"], done["next_at"], done["last_status"], done["last_error"]) == (
            1,
            None,
            204,
            None,
        )
        await _deliver(project, deliveries[1])
        assert len(receiver.got) == 1
        told = Webhook(hook["secret"]).verify(receiver.got[0].body, receiver.got[0].headers)
        assert told["type"] == "video.ready"
        assert told["data"]["id"] == str(video)
        assert told["data"]["metadata"] == {"a": 1}
        assert receiver.got[0].headers["webhook-id"] == f"evt_{deliveries[1]['event_id']}"


async def test_hyperserve_is_owed_the_end_of_processing_only(project: Project) -> None:
    async with receiving() as receiver:
        await project.webhook(receiver.url, format="hyperserve")
        good, bad = await project.video(), await project.video()
        await project.make_ready(good)
        await project.make_fail(bad)
        deliveries = await project.deliveries()
        assert [row["type"] for row in deliveries] == ["video.ready", "video.failed"]
        for delivery in deliveries:
            assert (await _deliver(project, delivery))["delivered_at"] is not None
        bodies = [json.loads(request.body) for request in receiver.got]
        assert [(body["event"], body["videoId"]) for body in bodies] == [
            ("video-processing-success", str(good)),
            ("video-processing-fail", str(bad)),
        ]
        assert bodies[1]["error"].startswith("The file ends after 3 seconds.")


async def test_a_webhook_is_told_what_it_asked_for(project: Project) -> None:
    await project.webhook("http://127.0.0.1:9/", name="all")
    await project.webhook("http://127.0.0.1:9/", name="some", wanted=["video.failed", "video.deleted"])
    video = await project.video()
    await project.make_fail(video)
    await project.delete(video)
    told = Counter((row["name"], row["type"]) for row in await project.deliveries())
    assert told == {
        ("all", "video.created"): 1,
        ("all", "video.failed"): 1,
        ("all", "video.deleted"): 1,
        ("some", "video.failed"): 1,
        ("some", "video.deleted"): 1,
    }


async def test_a_failing_receiver_is_tried_on_schedule_then_given_up(project: Project) -> None:
    async with receiving() as receiver:
        receiver.answers = [500] * 20
        await project.webhook(receiver.url, wanted=["video.created"])
        await project.video()
        (delivery,) = await project.deliveries()
        for attempt, wait in enumerate((*RETRIES, None), start=1):
            before = datetime.now(UTC)
            after = await _deliver(project, delivery)
            assert (after["attempts"], after["last_status"]) == (attempt, 500)
            assert after["last_error"] == "The receiver answered 500."
            assert after["delivered_at"] is None
            if wait is None:
                assert after["next_at"] is None
                break
            assert before + wait <= after["next_at"] <= datetime.now(UTC) + wait + timedelta(seconds=1)
            # Before its time it is left alone.
            await _deliver(project, delivery)
            assert len(receiver.got) == attempt
            await project.make_due(delivery["id"])
        assert len(receiver.got) == len(RETRIES) + 1
        assert len({request.headers["webhook-id"] for request in receiver.got}) == 1


async def test_a_receiver_that_recovers_gets_it(project: Project) -> None:
    async with receiving() as receiver:
        receiver.answers = [503, 302]
        hook = await project.webhook(receiver.url, wanted=["video.created"])
        await project.video()
        (delivery,) = await project.deliveries()
        for _ in range(2):
            assert (await _deliver(project, delivery))["delivered_at"] is None
            await project.make_due(delivery["id"])
        done = await _deliver(project, delivery)
        assert done["delivered_at"] is not None
        assert (done["attempts"], done["last_error"]) == (3, None)
        for request in receiver.got:
            Webhook(hook["secret"]).verify(request.body, request.headers)


async def test_what_is_due_is_named_for_the_reconciler(project: Project) -> None:
    async with receiving() as receiver:
        receiver.answers = [500]
        await project.webhook(receiver.url, wanted=["video.created"])
        await project.video()
        (delivery,) = await project.deliveries()

        async def due() -> list[int]:
            async with project.records.transaction() as tx:
                return await webhooks.due(tx, 10)

        assert await due() == [delivery["id"]]
        await _deliver(project, delivery)
        assert await due() == []
        await project.make_due(delivery["id"])
        assert await due() == [delivery["id"]]
        await _deliver(project, delivery)
        assert await due() == []


class _Dying(Sender):
    """A worker that dies after the receiver has it, before that is written down."""

    async def send(self, url: str, message: Message) -> Outcome:
        await super().send(url, message)
        raise asyncio.CancelledError


async def test_a_worker_that_dies_on_the_way_means_again_not_never(project: Project) -> None:
    async with receiving() as receiver:
        await project.webhook(receiver.url, wanted=["video.created"])
        await project.video()
        (delivery,) = await project.deliveries()
        with pytest.raises(asyncio.CancelledError):
            await _deliver(project, delivery, _Dying(local_networks_allowed=True))
        (untouched,) = await project.deliveries()
        assert (untouched["attempts"], untouched["delivered_at"]) == (0, None)
        assert (await _deliver(project, delivery))["delivered_at"] is not None
        first, second = receiver.got
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body


async def test_a_deleted_video_is_still_told_as_far_as_it_can_be(project: Project) -> None:
    async with receiving() as receiver:
        await project.webhook(receiver.url, name="standard", wanted=["video.ready"])
        await project.webhook(receiver.url, name="hyperserve", format="hyperserve")
        video = await project.video()
        await project.make_ready(video)
        await project.delete(video)
        by_name = {row["name"]: await _deliver(project, row) for row in await project.deliveries()}
        assert by_name["standard"]["delivered_at"] is not None
        assert json.loads(receiver.got[0].body)["data"] == {"id": str(video)}
        given_up = by_name["hyperserve"]
        assert (given_up["delivered_at"], given_up["next_at"]) == (None, None)
        assert "deleted" in given_up["last_error"]
        assert len(receiver.got) == 1


async def test_a_deleted_webhook_is_owed_nothing(project: Project) -> None:
    async with receiving() as receiver:
        hook = await project.webhook(receiver.url)
        await project.video()
        (delivery,) = await project.deliveries()
        async with project.records.transaction() as tx:
            assert await webhooks.remove(tx, project.id, hook["id"])
        await deliver(
            delivery["id"], records=project.records, urls=URLS, sender=SENDER, now=datetime.now(UTC)
        )
        assert receiver.got == []


async def test_an_event_goes_out_with_the_change_it_speaks_of_or_not_at_all(project: Project) -> None:
    await project.webhook("http://127.0.0.1:9/")
    video = await project.video()

    async def change(*, then_fail: bool) -> None:
        async with project.records.transaction() as tx:
            await events.append(tx, project.id, video, "video.ready")
            if then_fail:
                raise RuntimeError

    async def jobs() -> int:
        async with project.records.transaction() as tx:
            found = await tx.connection.execute(
                text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver_webhook'")
            )
            return int(found.scalar_one())

    with pytest.raises(RuntimeError):
        await change(then_fail=True)
    assert [row["type"] for row in await project.deliveries()] == ["video.created"]
    assert await jobs() == 1
    await change(then_fail=False)
    assert [row["type"] for row in await project.deliveries()] == ["video.created", "video.ready"]
    assert await jobs() == 2


async def test_a_receiver_that_fails_half_the_time_gets_everything(project: Project) -> None:
    async with receiving() as receiver:
        await project.webhook(receiver.url, wanted=["video.created"])
        for _ in range(20):
            await project.video()
        receiver.answers = [500, 204] * 25
        for _ in range(8):
            owed = [row for row in await project.deliveries() if row["delivered_at"] is None]
            for delivery in owed:
                await project.make_due(delivery["id"])
                await _deliver(project, delivery)
        deliveries = await project.deliveries()
        assert all(row["delivered_at"] for row in deliveries)
        got = {request.headers["webhook-id"] for request in receiver.got}
        assert got == {f"evt_{row['event_id']}" for row in deliveries}

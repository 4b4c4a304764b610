"""Captions in the ledger and the rows: planned, published once, replaced, given up, bounded."""

from __future__ import annotations

from sqlalchemy import select

from playhead.model.errors import PlayheadError
from playhead.model.media import TextTrack
from playhead.records import captions, due, left_out, objects, videos
from playhead.records.database import Transaction
from playhead.records.tables import objects as object_table
from tests.records.conftest import Shop

TEXTS = [
    TextTrack(index=2, codec="subrip", language="eng", title="All"),
    TextTrack(index=3, codec="ass", language="eng"),
    TextTrack(index=4, codec="subrip"),
]


async def reserved(tx: Transaction, shop: Shop, video_id: object, language: str, key: str) -> str:
    await objects.reserve(tx, shop.project_id, video_id, {key: f"captions/{language.lower()}/"})  # type: ignore[arg-type]
    return key


async def states(tx: Transaction) -> dict[str, str]:
    found = await tx.connection.execute(select(object_table.c.key, object_table.c.state))
    return {row.key: row.state for row in found}


async def test_captions_of_the_source_are_due_until_they_are_made_or_given_up(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        await captions.lay_out(tx, video, TEXTS)
        waiting = await captions.due(tx, video["id"])
        assert [(row["language"], row["stream"]) for row in waiting] == [("en", 2), ("en-x-2", 3), ("und", 4)]
        assert "take_captions" in [job.task for job in await due.jobs_of(tx, video["id"])]
        one = await reserved(tx, shop, video["id"], "en", "one")
        assert await captions.publish(tx, video["id"], "en", key=one, cues=3)
        two = await reserved(tx, shop, video["id"], "en", "two")
        assert not await captions.publish(tx, video["id"], "en", key=two, cues=3)
        reason = PlayheadError("captions_invalid")
        await captions.forgo(tx, video, dict.fromkeys(("en-x-2", "und", "en"), reason))
        assert not await captions.are_due(tx, video["id"])
        assert [row["name"] for row in (await left_out.of_videos(tx, [video["id"]]))[video["id"]]] == [
            "en-x-2",
            "und",
        ]
        assert [row["key"] for row in (await captions.of_videos(tx, [video["id"]]))[video["id"]]] == ["one"]
        assert await states(tx) == {"one": "kept", "two": "refused"}


async def test_those_sent_apart_take_the_place_of_any_in_their_language(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        row = await videos.get(tx, video["id"], lock=True)
        await captions.lay_out(tx, row, TEXTS[:1])
        for key in ("sent", "again"):
            await reserved(tx, shop, video["id"], "en", key)
            assert await objects.is_reserved(tx, key)
            assert await captions.put(tx, row, "en", title=None, key=key, cues=1)
            assert not await objects.is_reserved(tx, key)
        # The source's own come too late.
        late = await reserved(tx, shop, video["id"], "en", "late")
        assert not await captions.publish(tx, video["id"], "en", key=late, cues=1)
        # And planning again would not ask for them.
        await captions.lay_out(tx, row, TEXTS[:1])
        assert not await captions.are_due(tx, video["id"])
        assert await states(tx) == {"sent": "doomed", "again": "kept", "late": "refused"}
        assert await captions.remove(tx, video["id"], "en")
        assert not await captions.remove(tx, video["id"], "en")
        assert (await states(tx))["again"] == "doomed"


async def test_there_are_no_more_than_a_menu_can_hold(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    many = [TextTrack(index=n, codec="subrip", language="eng") for n in range(captions.MOST + 5)]
    async with shop.records.transaction() as tx:
        row = await videos.get(tx, video["id"], lock=True)
        await captions.lay_out(tx, row, many)
        assert len(await captions.due(tx, video["id"])) == captions.MOST
        key = await reserved(tx, shop, video["id"], "de", "de")
        assert not await captions.put(tx, row, "de", title=None, key=key, cues=1)
        assert await captions.put(tx, row, "en", title=None, key=key, cues=1)


async def test_a_remakes_captions_take_the_place_of_the_sources_and_not_of_those_sent_apart(
    shop: Shop,
) -> None:
    video, _ = await shop.planned("144p")
    remake, _ = await shop.planned("144p")
    french = TextTrack(index=5, codec="subrip", language="fra")
    german = TextTrack(index=6, codec="subrip", language="deu")
    async with shop.records.transaction() as tx:
        row = await videos.get(tx, video["id"], lock=True)
        await captions.lay_out(tx, row, TEXTS[:1])
        old = await reserved(tx, shop, video["id"], "en", "old")
        assert await captions.publish(tx, video["id"], "en", key=old, cues=1)
        sent = await reserved(tx, shop, video["id"], "de", "sent")
        assert await captions.put(tx, row, "de", title=None, key=sent, cues=1)
        await captions.lay_out(tx, await videos.get(tx, remake["id"]), [TEXTS[0], french, german])
        for language in ("en", "fr", "de"):
            key = await reserved(tx, shop, remake["id"], language, f"new-{language}")
            assert await captions.publish(tx, remake["id"], language, key=key, cues=1)
        await captions.move(tx, remake["id"], video["id"])
        await objects.move(tx, remake["id"], video["id"])
        rows = (await captions.of_videos(tx, [video["id"]]))[video["id"]]
        assert [each["key"] for each in rows] == ["sent", "new-en", "new-fr"]
        kept = {key for key, state in (await states(tx)).items() if state == "kept"}
        assert kept == {"sent", "new-en", "new-fr"}

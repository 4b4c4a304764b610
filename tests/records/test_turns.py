"""Turns: the order of work when several projects have more of it than can be done at once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from playhead.model import jobs
from playhead.records import due, projects, videos
from tests.records.conftest import Shop

IN_ORDER = "SELECT args->>'video_id' FROM procrastinate_jobs WHERE queue_name = :q ORDER BY priority DESC, id"
"""As a worker takes them."""


async def begun(shop: Shop) -> tuple[UUID, int]:
    """A video whose upload has just become its source, and its turn; its first job waits."""
    video_id = await shop.video("144p")
    async with shop.records.transaction() as tx:
        row = await videos.begin_processing(tx, video_id, source_key="k", source_size=1)
        await tx.defer(jobs.inspect(video_id, row["turn"]))
    return video_id, row["turn"]


async def another(shop: Shop, name: str) -> Shop:
    async with shop.records.transaction() as tx:
        return Shop(shop.records, await projects.ensure_project(tx, name))


async def over(shop: Shop, *video_ids: UUID) -> None:
    async with shop.records.transaction() as tx:
        for video_id in video_ids:
            await videos.remove(tx, await videos.get(tx, video_id, lock=True))


async def taken(shop: Shop, queue: str) -> list[UUID]:
    async with shop.records.transaction() as tx:
        found = await tx.connection.execute(text(IN_ORDER), {"q": queue})
        return [UUID(each) for each in found.scalars()]


async def test_a_newcomer_waits_for_one_video_of_who_has_a_hundred(shop: Shop) -> None:
    flood = [await begun(shop) for _ in range(100)]
    assert [turn for _, turn in flood] == list(range(100))
    newcomer = await another(shop, "newcomer")
    first, second = [await begun(newcomer) for _ in range(2)]
    order = await taken(shop, jobs.LIGHT)
    assert order[:4] == [flood[0][0], first[0], flood[1][0], second[0]]
    assert order[4:] == [video_id for video_id, _ in flood[2:]]


async def test_who_comes_late_starts_where_work_stands_and_not_before(shop: Shop) -> None:
    flood = [await begun(shop) for _ in range(10)]
    await over(shop, *(video_id for video_id, _ in flood[:6]))
    newcomer = await another(shop, "newcomer")
    assert [(await begun(newcomer))[1] for _ in range(3)] == [6, 7, 8]
    assert (await begun(shop))[1] == 10


async def test_turns_start_anew_when_all_is_done(shop: Shop) -> None:
    await over(shop, *[(await begun(shop))[0] for _ in range(3)])
    assert (await begun(shop))[1] == 0


async def test_what_is_looked_at_first_is_what_comes_first(shop: Shop) -> None:
    flood = [await begun(shop) for _ in range(5)]
    first, _ = await begun(await another(shop, "newcomer"))
    async with shop.records.transaction() as tx:
        assert await due.processing(tx, 2) == [flood[0][0], first]


async def test_what_was_lost_comes_back_to_its_place(shop: Shop) -> None:
    made = [(await begun(shop))[0] for _ in range(3)]
    before = await taken(shop, jobs.LIGHT)
    async with shop.records.transaction() as tx:
        await tx.connection.execute(text("DELETE FROM procrastinate_jobs"))
        for video_id in reversed(made):
            for job in await due.jobs_of(tx, video_id):
                await tx.defer(job)
    assert await taken(shop, jobs.LIGHT) == before


def test_a_long_video_lets_the_next_ones_in_between() -> None:
    """The ninth chunk of one comes with the first of the next, and a viewer before all of them."""
    video_id = UUID(int=1)
    long = [jobs.chunk(video_id, number, 3).priority for number in range(30)]
    assert long == sorted(long, reverse=True)
    assert long[7] > jobs.chunk(video_id, 0, 4).priority == long[8]
    first = [jobs.beginning(video_id, "144x144", turn).priority for turn in range(3)]
    assert jobs.demand(video_id, "144x144", 40, 1.8e9).priority > first[0] > first[1] > first[2]
    assert jobs.inspect(video_id, 0).priority < 100 == jobs.inspect(video_id, 0).priority + 40
    assert jobs.chunk(video_id, 0, 10**12).priority == -(2**31)

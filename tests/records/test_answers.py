"""Answers by their Idempotency-Key: one request of a key is carried out, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.records import answers, projects
from tests.records.conftest import Shop


async def ask(shop: Shop, key: str = "k", request: bytes = b"r") -> tuple[str, bool]:
    """The answer, and whether it was made for us."""
    async with shop.records.transaction() as tx:
        before = await answers.claim(tx, shop.project_id, key, request)
        if before is not None:
            return before, False
        made = str(uuid4())
        await asyncio.sleep(0.05)
        await answers.keep(tx, shop.project_id, key, made)
        return made, True


async def test_the_same_request_gets_the_same_answer_and_another_one_is_refused(shop: Shop) -> None:
    first, made = await ask(shop)
    assert made
    assert await ask(shop) == (first, False)
    with pytest.raises(PlayheadError) as caught:
        await ask(shop, request=b"another")
    assert (caught.value.code, caught.value.kind.status) == ("idempotency_key_reused", 422)
    assert (await ask(shop, key="another"))[1]


async def test_of_twins_at_the_same_time_one_is_carried_out(shop: Shop) -> None:
    outcomes = await asyncio.gather(*(ask(shop) for _ in range(15)))
    assert len({answer for answer, _ in outcomes}) == 1
    assert [made for _, made in outcomes].count(True) == 1


async def test_a_request_that_came_to_nothing_leaves_its_key_free(shop: Shop) -> None:
    async def undone() -> None:
        async with shop.records.transaction() as tx:
            assert await answers.claim(tx, shop.project_id, "k", b"r") is None
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert (await ask(shop, request=b"another"))[1]


async def test_keys_of_other_projects_are_others(shop: Shop) -> None:
    first, _ = await ask(shop)
    async with shop.records.transaction() as tx:
        other = Shop(shop.records, await projects.ensure_project(tx, "other"))
    second, made = await ask(other)
    assert made
    assert first != second


async def test_after_a_day_a_key_is_new(shop: Shop) -> None:
    first, _ = await ask(shop)
    await ask(shop, key="old")
    async with shop.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE answers SET created_at = now() - interval '25 hours'"))
    second, made = await ask(shop)
    assert made
    assert first != second
    async with shop.records.transaction() as tx:
        await answers.clear(tx)
        left = await tx.connection.execute(text("SELECT key FROM answers"))
        assert list(left.scalars()) == ["k"]

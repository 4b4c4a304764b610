"""The waiting room: one look for all, room for so many things, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from playhead.delivery import waiting
from playhead.delivery.waiting import WaitingRoom
from playhead.model.errors import PlayheadError


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told: they look by themselves."""
    monkeypatch.setattr(waiting, "LOOK_EVERY", 0.02)


def waited_for(room: WaitingRoom) -> int:
    """How many things are."""
    return len(room._open)


class Maker:
    """Something that is there once it is made."""

    def __init__(self) -> None:
        self.made: str | None = None
        self.fails: Exception | None = None
        self.looks = 0

    async def look(self) -> str | None:
        self.looks += 1
        if self.fails:
            raise self.fails
        return self.made


async def test_all_who_wait_for_the_same_share_one_look() -> None:
    room, maker = WaitingRoom(1), Maker()
    seeing = [asyncio.create_task(room.wait("a", maker.look, 10)) for _ in range(50)]
    while maker.looks < 3:
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
    assert waited_for(room) == 1
    maker.made = "it"
    assert await asyncio.gather(*seeing) == ["it"] * 50
    assert maker.looks < 20
    assert waited_for(room) == 0


async def test_who_asks_last_gets_the_room_of_who_asked_first() -> None:
    room, maker = WaitingRoom(2), Maker()
    seeing = {
        name: [asyncio.create_task(room.wait(name, maker.look, 10)) for _ in range(2)] for name in ("a", "b")
    }
    await asyncio.sleep(0.01)
    again = asyncio.create_task(room.wait("a", maker.look, 10))  # so b is what was asked for longest ago
    await asyncio.sleep(0.01)
    last = asyncio.create_task(room.wait("c", maker.look, 10))
    for refused in await asyncio.gather(*seeing["b"], return_exceptions=True):
        assert isinstance(refused, PlayheadError)
        assert refused.code == "not_ready"
    assert waited_for(room) == 2
    maker.made = "it"
    assert await asyncio.gather(*seeing["a"], again, last) == ["it"] * 4
    assert waited_for(room) == 0
    assert await room.wait("b", maker.look, 10) == "it"


async def test_each_waits_as_long_as_it_said() -> None:
    room, maker = WaitingRoom(1), Maker()
    patient = asyncio.create_task(room.wait("a", maker.look, 10))
    with pytest.raises(PlayheadError, match="not_ready"):
        await room.wait("a", maker.look, 0.05)
    assert not patient.done()
    maker.made = "it"
    assert await patient == "it"


async def test_when_the_last_one_leaves_nobody_looks_any_more() -> None:
    room, maker = WaitingRoom(1), Maker()
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    leaving = asyncio.create_task(room.wait("a", maker.look, 10, gone))
    cancelled = asyncio.create_task(room.wait("a", maker.look, 10))
    await asyncio.sleep(0.01)
    gone.set_result(None)
    with pytest.raises(PlayheadError, match="not_ready"):
        await leaving
    assert waited_for(room) == 1
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert waited_for(room) == 0
    looks = maker.looks
    await asyncio.sleep(0.1)
    assert maker.looks == looks


async def test_a_failure_is_everybodys_and_not_remembered() -> None:
    room, maker = WaitingRoom(1), Maker()
    seeing = [asyncio.create_task(room.wait("a", maker.look, 10)) for _ in range(3)]
    await asyncio.sleep(0.01)
    maker.fails = PlayheadError("not_found")
    ends = await asyncio.gather(*seeing, return_exceptions=True)
    assert [isinstance(end, PlayheadError) and end.code for end in ends] == ["not_found"] * 3
    maker.fails, maker.made = None, "it"
    assert await room.wait("a", maker.look, 10) == "it"


async def test_who_is_told_looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_EVERY", 60)
    room, makers = WaitingRoom(2), [Maker(), Maker()]
    seeing = [
        asyncio.create_task(room.wait(("piece", number, 0), maker.look, 10))
        for number, maker in enumerate(makers)
    ]
    while not all(maker.looks for maker in makers):
        await asyncio.sleep(0)
    for maker in makers:
        maker.made = "it"
    room.tell(1)
    assert await seeing[1] == "it"
    assert [maker.looks for maker in makers] == [1, 2]
    room.tell(0)
    assert await seeing[0] == "it"

"""No spelling of a local address, no name and no redirect leads a webhook into the operator's network."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playhead.events.message import Message
from playhead.events.sender import Sender
from tests.events.receivers import answering, receiving
from tests.outbound.spellings import LOOPBACK_SPELLINGS, OTHER_SPELLINGS
from tests.outbound.strangers import Canary, Rebinding

MESSAGE = Message({"content-type": "application/json"}, b"{}")
REFUSED = "The URL leads to an address that is not on the public internet."


async def _met_on_loopback(spellings: list[str], *, allowed: bool) -> tuple[int, list[str]]:
    """How many connects there were, and the spellings that were taken for delivered."""
    sender, canary, delivered = Sender(local_networks_allowed=allowed), Canary(), []
    # One port on both families, whichever one the spelling leads to.
    async with answering(canary.met) as port:
        server = await asyncio.start_server(canary.met, "::1", port)
        async with server:
            for spelling in spellings:
                outcome = await sender.send(f"http://{spelling}:{port}/hook", MESSAGE)
                if outcome.delivered:
                    delivered.append(spelling)
                else:
                    assert outcome.error
    return canary.connects, delivered


async def test_no_spelling_of_a_local_address_is_connected_to() -> None:
    spellings = LOOPBACK_SPELLINGS + OTHER_SPELLINGS
    assert len(spellings) >= 60
    assert await _met_on_loopback(spellings, allowed=False) == (0, [])


async def test_the_same_spellings_lead_home_when_local_networks_are_allowed() -> None:
    """Or the test above would prove nothing."""
    connects, delivered = await _met_on_loopback(LOOPBACK_SPELLINGS, allowed=True)
    assert connects >= len(delivered) >= 20
    assert {"127.0.0.1", "0x7f.1", "localhost", "[::1]", "[::ffff:7f00:1]", "①②⑦.⓪.⓪.①"} <= set(delivered)


async def test_a_name_that_leads_home_is_refused_however_often_it_is_asked() -> None:
    resolver = Rebinding("127.0.0.1")
    async with receiving() as receiver:
        port = receiver.url.split(":")[2]
        sender = Sender(local_networks_allowed=False, resolver=resolver)
        for _ in range(3):
            outcome = await sender.send(f"http://hook.example:{port}", MESSAGE)
            assert (outcome.status, outcome.error) == (None, REFUSED)
        assert resolver.asked == 3
        assert receiver.got == []
        allowed = Sender(local_networks_allowed=True, resolver=resolver)
        assert (await allowed.send(f"http://hook.example:{port}", MESSAGE)).delivered


async def test_the_address_judged_is_the_address_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look-up per attempt: there is no second answer that could differ from the judged one."""
    judged: list[Any] = []

    def refuse_and_tell(address: str) -> bool:
        judged.append(address)
        return False

    monkeypatch.setattr("playhead.outbound.guard.is_public", refuse_and_tell)
    resolver = Rebinding("1.1.1.1", "127.0.0.1")
    sender = Sender(local_networks_allowed=False, resolver=resolver)
    assert (await sender.send("http://hook.example/", MESSAGE)).error == REFUSED
    assert (judged, resolver.asked) == (["1.1.1.1"], 1)


async def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    async with receiving() as inside, receiving() as outside:
        for status in (301, 302, 303, 307, 308):
            outside.answers = [status]
            outside.answer_headers = {"location": inside.url}
            outcome = await Sender(local_networks_allowed=True).send(outside.url, MESSAGE)
            assert outcome.status == status
            assert outcome.error == f"The receiver answered {status}; redirects are not followed."
        assert len(outside.got) == 5
        assert inside.got == []

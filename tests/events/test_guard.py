"""No spelling of a local address, no name and no redirect leads a webhook into the operator's network."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from playhead.events.guard import AddressRefusedError, guarded_socket, is_public
from playhead.events.message import Message
from playhead.events.sender import Sender
from tests.events.receivers import answering, receiving

MESSAGE = Message({"content-type": "application/json"}, b"{}")
REFUSED = "The URL leads to an address that is not on the public internet."

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:100.64.0.1",
    "::ffff:224.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:1::1",
    "2002:a9fe:a9fe::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "",
    "localhost",
    "1.1.1.1.1",
    "0x7f.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_only_internet_sockets_are_made() -> None:
    with pytest.raises(AddressRefusedError):
        guarded_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/postgresql", 0)))
    with guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("1.1.1.1", 443))) as made:
        assert not made.getblocking()


LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7F000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "00000177.0.0.1",
    "127.0x0.0.01",
    "127.000.000.001",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "localhost",
    "LOCALHOST",
    "LocalHost",
    "user@127.0.0.1",
    "user:password@localhost",
    "1.1.1.1@127.0.0.1",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0.0.0.0]",
]
OTHER_SPELLINGS = [
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:0:0:0:0:7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:0001::1]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "10.1",
    "0x0a000001",
    "172.16.0.1",
    "192.168.0.1",
    "3232235521",
    "100.64.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fe80::1%25lo]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[64:ff9b::a9fe:a9fe]",
]


class Canary:
    """A listener on IPv4 and IPv6 loopback that counts who comes."""

    def __init__(self) -> None:
        self.connects = 0

    async def met(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()


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


class Rebinding(AbstractResolver):
    """A name server under a stranger's control: public at first, the loopback ever after."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"hostname": host, "host": found, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


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

    monkeypatch.setattr("playhead.events.guard.is_public", refuse_and_tell)
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

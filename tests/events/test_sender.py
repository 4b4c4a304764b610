"""Whatever the receiver does, an attempt ends soon, costs little, and is judged rightly."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from playhead.events.message import Message
from playhead.events.sender import Sender
from tests.events.receivers import answering, receiving

MESSAGE = Message({"content-type": "application/json", "webhook-id": "evt_1"}, b'{"a":1}')
SHORT = 0.5
"""A timeout for receivers that would take for ever."""


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_delivered(status: int) -> None:
    async with receiving() as receiver:
        receiver.answers = [status]
        outcome = await Sender(local_networks_allowed=True).send(receiver.url, MESSAGE)
        assert (outcome.delivered, outcome.status, outcome.error) == (True, status, None)
        assert receiver.got[0].body == MESSAGE.body
        assert receiver.got[0].path == "/hook"
        assert receiver.got[0].headers["content-type"] == "application/json"
        assert receiver.got[0].headers["webhook-id"] == "evt_1"
        assert receiver.got[0].headers["user-agent"] == "Playhead-Webhooks/1"
        assert "cookie" not in receiver.got[0].headers


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
async def test_other_answers_are_failures(status: int) -> None:
    async with receiving() as receiver:
        receiver.answers = [status]
        outcome = await Sender(local_networks_allowed=True).send(receiver.url, MESSAGE)
        assert (outcome.delivered, outcome.status) == (False, status)
        assert outcome.error == f"The receiver answered {status}."


async def test_a_receiver_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        outcome = await Sender(local_networks_allowed=True).send(url, MESSAGE)
    assert (outcome.status, outcome.error) == (None, "No connection could be made.")


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b"z")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("answer", [_silence, _drip])
async def test_an_answer_that_does_not_come_is_given_up(answer: object) -> None:
    async with answering(answer) as port:  # type: ignore[arg-type]  # one of the two above
        async with asyncio.timeout(20 * SHORT):
            outcome = await Sender(local_networks_allowed=True, timeout_seconds=SHORT).send(
                f"http://127.0.0.1:{port}/", MESSAGE
            )
    assert (outcome.status, outcome.error) == (None, "The receiver did not answer in time.")


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def _babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n" * 10)
    await writer.drain()
    await reader.read(-1)


async def _many_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"z" * 4000 + b"\r\n")
        await writer.drain()


async def _long_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"z" * 65536)
        await writer.drain()


@pytest.mark.parametrize("answer", [_hang_up, _babble, _many_headers, _long_header])
async def test_an_answer_that_is_none_is_a_failure(answer: object) -> None:
    async with answering(answer) as port:  # type: ignore[arg-type]  # one of the four above
        async with asyncio.timeout(60):
            outcome = await Sender(local_networks_allowed=True, timeout_seconds=30).send(
                f"http://127.0.0.1:{port}/", MESSAGE
            )
    assert (outcome.status, outcome.error) == (None, "The connection broke off before an answer came.")


async def test_an_endless_body_is_not_read() -> None:
    """The status decides; what follows it fills no memory and holds nobody up."""
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"\0" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with answering(endless) as port:
        async with asyncio.timeout(60):
            for _ in range(20):
                outcome = await Sender(local_networks_allowed=True, timeout_seconds=30).send(
                    f"http://127.0.0.1:{port}/", MESSAGE
                )
                assert outcome.delivered
    assert sent < 20 * 16 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    argv += ["-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    requests = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        requests += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await Sender(local_networks_allowed=True).send(f"https://localhost:{port}/", MESSAGE)
    assert (outcome.status, outcome.error) == (None, "No trusted TLS connection could be made.")
    assert requests == 0


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await Sender(local_networks_allowed=True).send(receiver.url, MESSAGE)).delivered
        assert (len(proxy.got), len(receiver.got)) == (0, 1)


async def test_cookies_are_not_kept() -> None:
    async with receiving() as receiver:
        receiver.answer_headers = {"set-cookie": "a=b"}
        sender = Sender(local_networks_allowed=True)
        for _ in range(2):
            await sender.send(receiver.url, MESSAGE)
        assert all("cookie" not in request.headers for request in receiver.got)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "http://[::1",
        "ftp://127.0.0.1/",
        "//127.0.0.1",
        "http://127.0.0.1:99999/",
        "http://\ud800/",
    ],
)
async def test_a_url_that_cannot_be_used_is_an_outcome_not_a_crash(url: str) -> None:
    outcome = await Sender(local_networks_allowed=True).send(url, MESSAGE)
    assert not outcome.delivered
    assert outcome.status is None

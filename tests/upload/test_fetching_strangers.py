"""Who files are fetched from: nobody in our own network, by whatever way or spelling, and nobody without a name."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.outbound import guard
from playhead.upload.fetching import Fetching, fetch
from playhead.upload.url_source import Strangers
from tests.outbound.spellings import LOOPBACK_SPELLINGS, OTHER_SPELLINGS
from tests.outbound.strangers import Canary, Rebinding
from tests.upload.fetched import FILM, QUICK, Bench
from tests.upload.origin import Origin, cut, origin, redirect


async def test_redirects_are_followed_three_times(bench: Bench) -> None:
    async with origin(FILM) as server:
        server.answers = [redirect("/b", 301), redirect("c", 307), redirect(server.url, 303)]
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        assert await bench.source(video_id) == FILM
        server.asked.clear()
        server.answers = [redirect("/again")] * 9
        assert await bench.outcome(server.url) == (
            "source_refused",
            "The URL redirects more than 3 times.",
        )
        assert len(server.asked) == 4


async def test_a_server_that_nobody_vouches_for_is_not_trusted(bench: Bench, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-days", "1")
    command = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
    )
    subprocess.run([*command, *subject], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    made = Origin(FILM)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await bench.outcome(f"https://127.0.0.1:{port}/a.mp4"))[0] == "source_untrusted"
    assert made.asked == []


async def test_no_spelling_of_a_local_address_is_connected_to(bench: Bench) -> None:
    canary, spellings = Canary(), LOOPBACK_SPELLINGS + OTHER_SPELLINGS
    assert len(spellings) >= 60
    server = await asyncio.start_server(canary.met, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    codes = {}
    async with server, await asyncio.start_server(canary.met, "::1", port):
        strangers = Strangers(local_networks_allowed=False, pace=QUICK)
        for spelling in spellings:
            try:
                url = f"http://{spelling}:{port}/a.mp4"
                video_id = await bench.create(url)
                await fetch(Fetching(bench.station, strangers), video_id)
                codes[spelling] = (await bench.video(video_id))["error_code"]
            except PlayheadError as error:
                codes[spelling] = error.code
    assert canary.connects == 0
    # Some are no addresses at all to this machine's resolver, which may pass.
    assert set(codes.values()) <= {"url_refused", None}
    assert list(codes.values()).count("url_refused") >= 60


OUTSIDE = "127.0.0.2"
"""Stands for the public internet where a test needs a server there."""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == OUTSIDE or honest(address))


@pytest.mark.usefixtures("outside")
async def test_a_redirect_into_our_own_network_is_not_followed(bench: Bench) -> None:
    async with origin(FILM) as inside, origin(FILM, host=OUTSIDE) as server:
        for number, status in enumerate((301, 302, 303, 307, 308), start=1):
            server.answers = [redirect(server.url), redirect(inside.url, status)]
            code, detail = await bench.outcome(server.url, local=False)
            assert code == "url_refused"
            assert detail == "The URL leads to an address that is not on the public internet."
            assert (len(server.asked), inside.asked) == (2 * number, [])
        video_id = await bench.create(server.url)  # or the outside would prove nothing
        await bench.attempt(video_id, local=False)
        assert await bench.source(video_id) == FILM


@pytest.mark.usefixtures("outside")
async def test_a_name_that_leads_elsewhere_the_next_time_is_judged_the_next_time(bench: Bench) -> None:
    async with origin(FILM, cut(1_000_000), host=OUTSIDE) as server:
        resolver = Rebinding(OUTSIDE, "127.0.0.1")
        canary = Canary()
        async with await asyncio.start_server(canary.met, "127.0.0.1", server.port):
            video_id = await bench.create(f"http://files.example:{server.port}/a.mp4")
            await bench.attempt(video_id, local=False, resolver=resolver)
            assert (await bench.video(video_id))["error_code"] is None
            await bench.attempt(video_id, local=False, resolver=resolver)
    assert (await bench.video(video_id))["error_code"] == "url_refused"
    assert (resolver.asked, len(server.asked), canary.connects) == (2, 1, 0)
    bench.is_clear()

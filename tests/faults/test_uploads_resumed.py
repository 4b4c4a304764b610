"""Uploads in several requests, cut, killed and doubled: they go on where the server stands, and arrive once."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from urllib.parse import urlsplit

import httpx
import pytest

from playhead.client import Client
from playhead.client import Upload as Opened
from tests.client.relay import Relay
from tests.faults.peak import Peak
from tests.faults.speakers import Ranges, Speaker, Tus, acknowledged
from tests.faults.stage import Stage, clip, over, staged, until
from tests.invariants import violations

MIB = 1024 * 1024
HEADERS = 1500
"""Bytes that a request's head may take of what a connection is cut after."""
LARGE = 100 * MIB
MOST_GROWTH = 40 * MIB

speaking = pytest.mark.parametrize("speaks", [Tus, Ranges])


@speaking
@pytest.mark.parametrize("cuts", [15, pytest.param(200, marks=pytest.mark.soak)])
def test_it_arrives_however_often_it_is_cut(
    stage: Stage, tmp_path: Path, speaks: type[Speaker], cuts: int
) -> None:
    chance, content = random.Random(cuts), clip(stage.folder).read_bytes()
    url = urlsplit(stage.live.url)
    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        most = len(content) // cuts
        places = [HEADERS + chance.randrange(most) if chance.random() < 0.9 else 50 for _ in range(cuts)]
        relay = Relay((str(url.hostname), int(url.port or 0)), places)
        speaker.port, at = relay.port, 0
        while (stands := speaker.stands()) < len(content):
            # Nothing that was told is lost, and nothing comes from nowhere.
            assert at <= stands <= len(content)
            at = stands
            try:
                speaker.send(content[at:], at)
            except httpx.TransportError:
                continue
        assert relay.connections >= cuts
        relay.close()
        sent = [acknowledged(client, speaker, clip(stage.folder))]
        assert over(client, sent)[speaker.video_id]["status"] == "ready"
    assert violations(stage.scene, sent, tmp_path) == []


@speaking
def test_it_goes_on_after_the_server_was_killed_amid_a_chunk(
    stage: Stage, tmp_path: Path, speaks: type[Speaker]
) -> None:
    content = clip(stage.folder).read_bytes()
    half, killed = len(content) // 2, threading.Event()

    def slowly() -> Iterator[bytes]:
        yield content[:half]
        killed.wait(60)
        yield content[half:]

    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        sending = threading.Thread(target=_ignore_loss, args=(speaker, slowly()))
        sending.start()
        until(lambda: speaker.stands() == half, "half of it")
        stage.process("web").send_signal(SIGKILL)
        killed.set()
        sending.join(60)
        until(lambda: client.get("/healthz").status_code == 200, "a web process")
        # What was told stands, though nobody has closed anything.
        assert half <= speaker.stands() < len(content)
        assert speaker.send(content[speaker.stands() :], speaker.stands()).is_success
        sent = [acknowledged(client, speaker, clip(stage.folder))]
        over(client, sent)
    assert violations(stage.scene, sent, tmp_path) == []


def _ignore_loss(speaker: Speaker, body: Iterator[bytes]) -> None:
    try:
        speaker.send(body, 0)
    except httpx.TransportError:
        return


@speaking
def test_a_last_chunk_that_is_sent_twice_makes_one_video(
    stage: Stage, tmp_path: Path, speaks: type[Speaker]
) -> None:
    content = clip(stage.folder).read_bytes()
    with stage.live.http() as client:
        speaker = speaks.created(client, len(content))
        assert speaker.send(content, 0).is_success
        again = speaker.send(content, 0)
        assert again.status_code == (200 if speaks is Ranges else 409)
        sent = [acknowledged(client, speaker, clip(stage.folder))]
        over(client, sent)
    assert violations(stage.scene, sent, tmp_path) == []


@speaking
def test_a_large_chunk_needs_little_memory(stage: Stage, speaks: type[Speaker]) -> None:
    with stage.live.http() as client:
        speaker = speaks.created(client, LARGE + 1)
        web = stage.process("web")
        before, most = web.memory_info().rss, Peak(web)
        with most:
            answer = _part(speaker, (os.urandom(MIB) for _ in range(LARGE // MIB)))
        assert answer.status_code in (204, 308), answer.text
        print(f"{LARGE // MIB} MiB: {(most.bytes - before) / MIB:.1f} MiB more than before")
        assert most.bytes - before < MOST_GROWTH
        assert speaker.stands() == LARGE
        assert httpx.delete(speaker.url).status_code == 204


def test_the_client_goes_on_where_the_server_was_killed(tmp_path: Path) -> None:
    """Every process is killed while a part is under way; the same call ends well, and resends little."""
    with staged(tmp_path) as stage, Client(stage.live.url, stage.live.key, retries=8) as client:
        content = clip(stage.folder).read_bytes() * 4
        half = len(content) // 2
        upload: Opened = client.create_upload("film.mp4", len(content), resolutions=["144p"])
        asking = Ranges(upload.url, upload.id, upload.video_id, len(content))
        known, told = list[int](), list[int]()

        def on_progress(sent: int, _: int) -> None:
            if known:
                told.append(sent)
            elif sent >= half:
                known.append(until(asking.stands, "some of it on the disk"))
                stage.kill_everything()
                stage.restart()

        client.send(upload, io.BytesIO(content), on_progress=on_progress)
        # It went on behind what was on the disk, not at the beginning.
        assert 0 < known[0] <= min(told)
        assert told[-1] == len(content)
        whole = stage.data / "incoming" / upload.id / "whole"
        assert hashlib.sha256(whole.read_bytes()).digest() == hashlib.sha256(content).digest()


def _part(speaker: Speaker, blocks: Iterator[bytes]) -> httpx.Response:
    """All but the last byte."""
    if isinstance(speaker, Tus):
        return speaker.send(blocks, 0)
    headers = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{LARGE - 1}/{LARGE + 1}"}
    return httpx.put(speaker.url, content=blocks, headers=headers, timeout=120)

"""Many senders on slow lines, played by one thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from bench.traffic import noise

BLOCK = 16 * 1024
EVERY = 1.0
"""Seconds between two blocks of one sender: 128 kbit/s each."""
SIZE = 1_000_000_000
"""What each says it will send; none gets that far."""


@dataclass
class Sent:
    """What has gone out so far."""

    blocks: int = 0


@contextmanager
def waiting(client: httpx.Client, senders: int) -> Iterator[list[str]]:
    """The URLs of so many uploads, which are there for the time of the block."""
    made = [_created(client) for _ in range(senders)]
    yield [each["url"] for each in made]
    for each in made:
        gone = client.delete(f"/v1/videos/{each['video_id']}")
        assert gone.status_code == 204, gone.text


@contextmanager
def trickling(urls: Sequence[str]) -> Iterator[Sent]:
    """Uploads by tus that bring a block each second, for the time of the block, from where they stand."""
    sent, enough = Sent(), threading.Event()
    with ExitStack() as opened:
        lines = [opened.enter_context(_begun(url)) for url in urls]
        thread = threading.Thread(target=_send, args=(lines, sent, enough))
        thread.start()
        try:
            yield sent
        finally:
            enough.set()
            thread.join()


def _created(client: httpx.Client) -> dict[str, str]:
    answer = client.post("/v1/uploads", json={"filename": "film.mp4", "size": SIZE, "resolutions": ["360p"]})
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    return created


def _begun(url: str) -> socket.socket:
    split = urlsplit(url)
    stands = int(httpx.head(url, timeout=60).headers["upload-offset"])
    line = socket.create_connection((split.hostname, split.port), timeout=60)
    head = f"PATCH {split.path} HTTP/1.1\r\nHost: {split.netloc}\r\nUpload-Offset: {stands}\r\n"
    kind = f"Content-Type: application/offset+octet-stream\r\nContent-Length: {SIZE - stands}\r\n\r\n"
    line.sendall((head + kind).encode())
    return line


def _send(lines: list[socket.socket], sent: Sent, enough: threading.Event) -> None:
    block = next(noise(BLOCK))
    while True:
        for line in lines:  # one after the other, so that the second is filled evenly
            if enough.wait(EVERY / len(lines)):
                return
            line.sendall(block)
            sent.blocks += 1

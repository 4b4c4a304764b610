"""The reference's receivers take what is really delivered, and what they show is what arrives."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from playhead.client import Client
from tests.docs.blocks import Block, blocks
from tests.docs.reader import Reader
from tests.docs.shape import differences
from tests.live import Live

ARRIVES_WITHIN = 60.0


@dataclass
class Receiver:
    """An application that keeps what it is told."""

    url: str
    arrived: threading.Event = field(default_factory=threading.Event)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that takes a single delivery."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.body = self.rfile.read(int(self.headers["content-length"]))
            kept.headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(204)
            self.end_headers()
            kept.arrived.set()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(f"http://127.0.0.1:{server.server_address[1]}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def delivered(live_server: Live, key: str, video: Path, receiver: Receiver) -> Iterator[Callable[[str], str]]:
    """Uploads a video with a webhook of that format; gives its secret once the video is told to be ready."""
    made: list[str] = []
    with Client(live_server.url, key) as playhead:

        def deliver(format: Any) -> str:
            webhook = playhead.create_webhook("told", receiver.url, format=format, events=["video.ready"])
            made.append(webhook.id)
            playhead.upload(video, resolutions=["360p"], metadata={"campaign": "spring"})
            assert receiver.arrived.wait(ARRIVES_WITHIN), live_server.output()[-2000:]
            return webhook.secret or ""

        yield deliver
        for webhook_id in made:
            playhead.delete_webhook(webhook_id)


def _block(language: str, words: str) -> Block:
    found = [block for block in blocks("docs/api.md") if block.language == language and words in block.text]
    assert len(found) == 1
    return found[0]


def test_the_standard_format_is_verified_as_shown(
    delivered: Callable[[str], str], receiver: Receiver
) -> None:
    secret = delivered("standard")
    shown: dict[str, Any] = {}
    exec(compile(_block("python", "standardwebhooks").text, "docs/api.md", "exec"), shown)
    event = shown["verified"](secret, receiver.headers, receiver.body)
    assert differences(json.loads(_block("json", '"type": "video.ready"').text), event) == []
    with pytest.raises(WebhookVerificationError):
        shown["verified"](secret, receiver.headers, receiver.body.replace(b"spring", b"autumn"))


def test_the_hyperserve_format_is_verified_as_shown(
    delivered: Callable[[str], str], receiver: Receiver, reader: Reader, tmp_path: Path
) -> None:
    secret = delivered("hyperserve")
    module = tmp_path / "receiver.mjs"
    module.write_text(_block("javascript", "verifyWebhookSignature").text + _MAIN)
    taken, refused = (
        subprocess.run(
            ["node", str(module), secret, receiver.headers["x-hyperserve-signature"], body],
            env=reader.variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        for body in (receiver.body.decode(), receiver.body.decode().replace("spring", "autumn"))
    )
    assert json.loads(taken.stdout)["event"] == "video-processing-success"
    assert "not from Playhead" in refused.stderr


_MAIN = """
const [secret, signature, body] = process.argv.slice(2);
console.log(JSON.stringify(await verified(secret, { "x-hyperserve-signature": signature }, body)));
"""

"""A receiver of webhooks that outlives whatever happens to the server, and remembers everything it was told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Told:
    """One delivery."""

    webhook_id: str
    event: str
    video_id: str


@dataclass
class Receiver:
    """What came, in order."""

    url: str = ""
    told: list[Told] = field(default_factory=list)

    def ids(self, video_id: str, event: str) -> set[str]:
        """The distinct ids under which a video's event was told."""
        return {each.webhook_id for each in self.told if (each.video_id, each.event) == (video_id, event)}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver of webhooks, in the contract's format or the standard one, for the time of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            event, video_id = (
                (body["type"], body["data"]["id"]) if "type" in body else (body["event"], body["videoId"])
            )
            receiver.told.append(Told(self.headers["webhook-id"], event, video_id))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

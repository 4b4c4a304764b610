"""The database dies under load: requests are answered at once, and nothing that was acknowledged is lost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path
from signal import SIGKILL

import httpx

from tests import drive
from tests.faults.stage import RESOLUTIONS, Stage, clip, over, until
from tests.invariants import violations

DEATHS = 3
ANSWERED_WITHIN = 15.0
"""Seconds. Five are what a request may wait for a connection; the rest is for a machine that does much else."""


class Caller(threading.Thread):
    """Creates, sends and looks, over and over, and remembers each answer."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._path, self._url = clip(stage.folder), stage.live.url
        self._client = stage.live.http()
        self.enough = threading.Event()
        self.created: list[str] = []
        self.answers: Counter[int] = Counter()
        self.slowest = 0.0
        self.unhelpful = 0

    def run(self) -> None:
        body = {"filename": "clip.mp4", "fileSizeBytes": self._path.stat().st_size, "isPublic": True}
        with self._client:
            while not self.enough.is_set():
                answer = self._timed("POST", "/api/video", json={**body, "resolutions": list(RESOLUTIONS)})
                if answer.status_code == 201:
                    created = answer.json()
                    self.created.append(created["id"])
                    content = self._path.read_bytes()
                    self._timed("PUT", created["uploadUrl"], content=content, headers=_type(created))
                    self._timed("GET", f"/api/video/{created['id']}/status")
                self._timed("GET", "/api/video")
                self._timed("GET", "/healthz")

    def _timed(self, method: str, url: str, **options: object) -> httpx.Response:
        begun = time.monotonic()
        answer = self._client.request(method, url, **options)  # type: ignore[arg-type]
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.answers[answer.status_code] += 1
        self.unhelpful += answer.status_code == 503 and "retry-after" not in answer.headers
        return answer


def _type(created: dict[str, str]) -> dict[str, str]:
    return {"Content-Type": created["contentType"]}


def _one_more(caller: Caller) -> None:
    before = len(caller.created)
    until(lambda: len(caller.created) > before, "one more video")


def test_a_database_that_dies_under_load_costs_no_acknowledgement(stage: Stage, tmp_path: Path) -> None:
    caller = Caller(stage)
    caller.start()
    try:
        for _ in range(DEATHS):
            _one_more(caller)
            refused = caller.answers[503]
            stage.process("postgres").send_signal(SIGKILL)
            until(lambda refused=refused: caller.answers[503] > refused, "an answer of 503")  # type: ignore[misc]
        _one_more(caller)
    finally:
        caller.enough.set()
        caller.join()
    assert set(caller.answers) <= {200, 201, 503}, caller.answers
    assert caller.unhelpful == 0
    assert caller.slowest < ANSWERED_WITHIN
    with stage.live.http() as client:
        assert {drive.video(client, each)["id"] for each in caller.created} == set(caller.created)
        sent = [stage.send(client, stage.create(client))]
        over(client, sent)
        for each in caller.created:
            assert client.delete(f"/api/video/{each}").status_code == 204
    print(f"{DEATHS} deaths: {dict(caller.answers)}, slowest answer {caller.slowest:.2f} s")
    assert violations(stage.scene, sent, tmp_path) == []

"""`kill -9` of each process, while videos stand at each step of their way: all become ready, once, all the same."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import httpx
import pytest

from tests.faults.stage import Stage, over, until
from tests.invariants import Sent, violations

RECOVERED_WITHIN = 120.0
"""Seconds until all is over; a dead worker's jobs are taken up after 10 to 20, the rest is work to be done."""

ROUNDS, TOGETHER = 20, 4
"""Kills for each seed, and how many of them a video may be hit by; fewer than a step may be tried."""


def kill_worker(stage: Stage) -> None:
    stage.process("worker").send_signal(SIGKILL)


def kill_web(stage: Stage) -> None:
    stage.process("web").send_signal(SIGKILL)


def kill_postgres(stage: Stage) -> None:
    stage.process("postgres").send_signal(SIGKILL)


def kill_everything(stage: Stage) -> None:
    stage.kill_everything()
    stage.restart()


KILLS: list[Callable[[Stage], None]] = [kill_worker, kill_web, kill_postgres, kill_everything]


def _param(kill: Callable[[Stage], None]) -> object:
    # The others kill one of what that one kills.
    often = kill is kill_everything
    return pytest.param(kill, id=kill.__name__, marks=() if often else pytest.mark.soak)


@pytest.mark.parametrize("kill", [_param(kill) for kill in KILLS])
def test_a_kill_at_each_step_only_delays(kill: Callable[[Stage], None], stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        sent = one_video_at_each_step(stage, client)
    worker = stage.process("worker")
    begun = time.monotonic()
    kill(stage)
    if worker.is_running():
        worker.send_signal(SIGCONT)
    stage.tools.lift()
    with stage.live.http() as client:
        ended = over(client, list(sent.values()), RECOVERED_WITHIN)
    print(f"{kill.__name__}: all over after {time.monotonic() - begun:.1f} s")
    assert {video["status"] for video in ended.values()} == {"ready"}, ended
    assert violations(stage.scene, list(sent.values()), tmp_path) == []
    failed = stage.rows("SELECT * FROM steps WHERE failures > 0")
    ours = {each.video_id for each in sent.values()}
    assert [each for each in failed if str(each["video_id"]) in ours] == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_kills_at_any_moment_lose_nothing(seed: int, stage: Stage, tmp_path: Path) -> None:
    """No step is held here: what is hit is hit, and a step may be hit up to as often as it may be tried."""
    chance, sent, pauses = random.Random(seed), list[Sent](), (0.0, 0.05, 0.3, 1.0, 3.0)
    for number in range(ROUNDS):
        with stage.live.http() as client:
            until(lambda client=client: client.get("/healthz").status_code == 200, "a web process")  # type: ignore[misc]
            sent.append(stage.send(client, stage.create(client, thumbnailTimestampsSeconds=[1.0])))
        time.sleep(chance.choice(pauses) * chance.random())
        chance.choice(KILLS)(stage)
        if number % TOGETHER == TOGETHER - 1:
            until(lambda: stage.rows("SELECT 1 AS one"), "a database")
            with stage.live.http() as client:
                ended = over(client, sent, RECOVERED_WITHIN)
            assert {video["status"] for video in ended.values()} == {"ready"}, ended
            assert violations(stage.scene, sent, tmp_path) == []
            sent.clear()


def one_video_at_each_step(stage: Stage, client: httpx.Client) -> dict[str, Sent]:
    """Six videos, each held where its name says. The worker stands still, for the last one's sake."""
    thumbnails = {"thumbnailTimestampsSeconds": [3.0]}
    sent = {}

    def hold(step: str, program: str, *words: str, **fields: object) -> None:
        created = stage.create(client, **fields)
        mark = words if words == ("whole.mp4",) else (created["id"], *words)
        stage.tools.add("wait", f"{program} *{'*'.join(mark)}*")
        sent[step] = stage.send(client, created)
        until(lambda: stage.tools.held(*mark), f"a video held at {step}")

    hold("finalise", "ffmpeg", "whole.mp4", **thumbnails)
    hold("published", "ffmpeg", "poster.jpg")
    hold("chunk", "ffmpeg", "-force_key_frames")
    hold("audio", "ffmpeg", "aresample")
    until(lambda: "video.rendition_ready" in stage.told(sent["published"].video_id), "a first rendition")
    hold("inspect", "ffprobe")
    created = stage.create(client)
    stage.process("worker").send_signal(SIGSTOP)
    sent["uploaded"] = stage.send(client, created)
    told = {step: set(stage.told(each.video_id)) for step, each in sent.items()}
    assert told["uploaded"] == told["inspect"] == {"video.created", "video.uploaded"}
    assert all("video.planned" in told[step] for step in ("audio", "chunk", "finalise", "published"))
    assert not any("video.ready" in each for each in told.values())
    assert "video.rendition_ready" not in told["finalise"]
    return sent

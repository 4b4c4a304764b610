"""The same server taken apart: PostgreSQL elsewhere, one web process, two workers; one of them dies on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import psutil
import pytest

from tests.faults.stage import Stage, kill_tree, over, staged, until
from tests.invariants import leftovers, unswept, violations
from tests.postgres import Postgres

TAKEN_UP_WITHIN = 40.0
"""Seconds from a worker's death until another one does what it did."""
CHUNK = "-force_key_frames"
WORKERS = (("worker",), ("serve", "--only", "worker"))
"""Two ways to say the same."""


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Stage]:
    """A web process on a database of somebody else's, reached by TCP; no worker yet."""
    folder = tmp_path_factory.mktemp("apart")
    with staged(folder, "--only", "web", DATABASE_URL=postgres.empty_database()) as stage:
        yield stage
        assert stage.stop() == 0, stage.live.output()[-4000:]
        assert leftovers(stage.data) == []


@pytest.mark.soak
def test_two_workers_share_the_work_and_one_takes_over(apart: Stage, tmp_path: Path) -> None:
    with ExitStack() as stack, apart.live.http() as client:
        workers = [stack.enter_context(apart.another_worker(command)) for command in WORKERS]
        first = apart.send(client, apart.create(client))
        assert over(client, [first])[first.video_id]["status"] == "ready"

        created = apart.create(client)
        rule = apart.tools.add("wait", f"ffmpeg *{created['id']}*{CHUNK}*")
        second = apart.send(client, created)
        planned = until(lambda: apart.rows(_CHUNKS, created["id"]), "a plan")[0]["number"]
        held = until(lambda: _all(apart.tools.held(created["id"], CHUNK), planned), "all encodes under way")
        victim = next(worker for worker in workers if _works_for(held[0], worker))
        died = time.monotonic()
        kill_tree(victim)
        until(lambda: _all(apart.tools.held(created["id"], CHUNK), planned), "all encodes under way again")
        taken_up = time.monotonic() - died
        rule.unlink()
        assert over(client, [second])[second.video_id]["status"] == "ready"
        print(f"taken up after {taken_up:.1f} s")
        assert taken_up <= TAKEN_UP_WITHIN
        # A worker that starts clears the scratch of dead ones.
        stack.enter_context(apart.another_worker())
        assert violations(apart.scene, [first, second], tmp_path) == []
        assert unswept(apart.scene) == []


_CHUNKS = "SELECT jsonb_array_length(plan->'chunks') AS number FROM videos WHERE id = %s AND plan IS NOT NULL"


def _all(held: list[psutil.Process], number: int) -> list[psutil.Process] | None:
    return held if len(held) == number else None


def _works_for(tool: psutil.Process, worker: Popen[bytes]) -> bool:
    return worker.pid in {parent.pid for parent in tool.parents()}

"""Children end when they are told to, when they do not listen, and when their parent is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from signal import Signals

import psutil
import pytest

from playhead.app.children import Child, Program, finish
from playhead.app.refusal import RefusalError

ENVIRONMENT = {"PATH": os.defpath}
DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"


def _program(script: str, log: Path | None = None) -> Program:
    return Program("test", ["sh", "-c", script], ENVIRONMENT, log=log)


async def _until_written(log: Path, words: str) -> None:
    deadline = time.monotonic() + 20
    while words not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_exit_codes_are_reported() -> None:
    child = await Child.start(_program("exit 7"))
    assert await child.wait() == 7
    assert child.exit_code == 7


async def test_a_child_gets_its_environment_and_nothing_of_ours(tmp_path: Path) -> None:
    log = tmp_path / "log"
    os.environ["PLAYHEAD_TEST_MARK"] = "ours"
    try:
        program = Program("test", ["env"], {**ENVIRONMENT, "GIVEN": "1"}, log=log)
        await (await Child.start(program)).wait()
    finally:
        del os.environ["PLAYHEAD_TEST_MARK"]
    assert "GIVEN=1" in log.read_text()
    assert "PLAYHEAD_TEST_MARK" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_child_leads_its_own_session() -> None:
    child = await Child.start(_program("exec sleep 60"))
    assert os.getsid(child.pid) == child.pid
    await child.stop([])


async def test_stopping_asks_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = await Child.start(_program("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done", log))
    await _until_written(log, "up")
    assert await child.stop([(Signals.SIGTERM, 20)]) == 3


async def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = await Child.start(_program(DEAF, log))
    await _until_written(log, "deaf")
    assert await child.stop([(Signals.SIGTERM, 0.2)]) == -Signals.SIGKILL


async def test_what_it_leaves_behind_in_its_group_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = await Child.start(_program("sleep 600 & echo $!; exit 0", log))
    await child.wait()
    left = psutil.Process(int(log.read_text()))
    assert left.is_running()
    await child.stop([])
    psutil.wait_procs([left], timeout=20)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


async def test_stopping_one_that_has_ended_is_harmless() -> None:
    child = await Child.start(_program("exit 0"))
    await child.wait()
    assert await child.stop([(Signals.SIGTERM, 5)]) == 0
    child.signal(Signals.SIGTERM)


async def test_a_missing_program_is_told_by_name() -> None:
    child = await Child.start(Program("test", ["/no/such/program"], ENVIRONMENT))
    assert await child.wait() == 127  # the shell's answer
    with pytest.raises(RefusalError, match="no-such-prefix"):
        await Child.start(Program("test", ["true"], ENVIRONMENT, account=["/bin/no-such-prefix"]))


PARENT = """
import asyncio, sys
from playhead.app.children import Child, Program

async def main():
    child = await Child.start(Program("test", ["sleep", "600"], {"PATH": "/usr/bin:/bin"}))
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""


def test_a_child_dies_with_a_killed_parent() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs([child], timeout=20)
        # Nobody may be there to collect it, so a corpse counts as dead.
        assert not alive or child.status() == psutil.STATUS_ZOMBIE


async def test_finish_tells_code_and_text() -> None:
    done = await finish(["sh", "-c", "echo out; echo err >&2; exit 4"], ENVIRONMENT)
    assert (done.code, done.text) == (4, "out\nerr\n")


async def test_finish_says_127_when_there_is_no_such_program() -> None:
    assert (await finish(["/no/such/program"], ENVIRONMENT)).code == 127


async def test_finish_kills_what_takes_too_long() -> None:
    with pytest.raises(TimeoutError):
        await finish(["sh", "-c", "sleep 600 & sleep 600"], ENVIRONMENT, within=0.2)
    assert not [each for each in psutil.Process().children(recursive=True) if "600" in each.cmdline()]

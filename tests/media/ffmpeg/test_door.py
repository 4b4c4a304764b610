"""What `run` promises, of programs that keep to nothing."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from playhead.media.ffmpeg.invocation import MIB
from playhead.media.ffmpeg.run import Invocation, Limits, Outcome, ToolFailed, run
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import Tools, find_tools
from playhead.model.errors import PlayheadError
from tests.media.ffmpeg.boxes import MakeSandbox, StandIn

# Far above what the stand-ins need and far below what would hurt.
_SMALL = Limits(
    wall_seconds=60,
    quiet_seconds=40,
    cpu_seconds=40,
    memory_bytes=256 * MIB,
    file_bytes=8 * MIB,
    scratch_bytes=24 * MIB,
    stdout_bytes=4 * MIB,
    threads=128,
)


async def _run(
    sandbox: Sandbox, way: str, scratch: Path | None = None, limits: Limits = _SMALL, program: str = "ffmpeg"
) -> Outcome:
    assert program in ("ffmpeg", "ffprobe")
    invocation = Invocation("ffmpeg", (way,), scratch=scratch, limits=limits)
    return await run(
        replace(invocation, program="ffprobe") if program == "ffprobe" else invocation, sandbox=sandbox
    )


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


async def _grows(path: Path) -> bool:
    before = path.stat().st_size
    await asyncio.sleep(0.3)
    return path.stat().st_size > before


# Ends that a file can bring about


_ENDS = {
    "crash": ("decoder_crashed", "SIGSEGV", _SMALL),
    "hang": ("decode_timeout", "no progress for 0.5 seconds", replace(_SMALL, quiet_seconds=0.5)),
    "no_frames_but_reports": ("decode_timeout", "no progress for 0.5", replace(_SMALL, quiet_seconds=0.5)),
    "spin": ("resource_limit", "more than 1 seconds of CPU", replace(_SMALL, cpu_seconds=1)),
    "slow_but_moving": ("decode_timeout", "longer than 0.6 seconds", replace(_SMALL, wall_seconds=0.6)),
    "stdout_flood": ("resource_limit", "more than 4 MiB of output", _SMALL),
    "shared_memory": ("resource_limit", "more than 256 MiB of memory", _SMALL),
    "large_file": ("resource_limit", "a file of more than 8 MiB", _SMALL),
    "many_files": ("resource_limit", "more than 24 MiB of scratch", _SMALL),
}


@pytest.mark.parametrize("way", _ENDS)
async def test_each_end_has_its_code_and_names_the_limit(
    box: MakeSandbox, stand_in: StandIn, scratch: Path, way: str
) -> None:
    code, words, limits = _ENDS[way]
    with pytest.raises(PlayheadError) as raised:
        await _run(box(stand_in("misbehaving")), way, scratch, limits)
    assert raised.value.code == code
    assert words in raised.value.detail


_HIDDEN = ["unlinked_files", "replaced_files", "unnamed_files", "hidden_folder"]


@pytest.mark.parametrize("way", _HIDDEN)
async def test_nothing_it_writes_can_be_hidden_from_the_watch(
    box: MakeSandbox, stand_in: StandIn, scratch: Path, way: str
) -> None:
    with pytest.raises(ToolFailed) as raised:
        await _run(box(stand_in("misbehaving")), way, scratch)
    assert "PermissionError" in raised.value.messages


@pytest.mark.parametrize("way", _HIDDEN)
async def test_what_is_hidden_counts_where_there_is_no_sandbox(
    stand_in: StandIn, scratch: Path, way: str
) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(NoSandbox(stand_in("misbehaving")), way, scratch)
    assert (raised.value.code, "24 MiB of scratch" in raised.value.detail) == ("resource_limit", True)


async def test_a_failed_assertion_is_a_crash(start: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(start(stand_in("misbehaving")), "abort")
    # In the sandbox nothing can be signalled, so it ends by the trap behind `abort`: another signal.
    assert raised.value.code == "decoder_crashed"


async def test_a_huge_allocation_fails_inside(start: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(start(stand_in("misbehaving")), "memory")
    # Python reports the failed allocation as its own error; ffmpeg's words for it are in test_failures.
    assert isinstance(raised.value, ToolFailed)
    assert "MemoryError" in raised.value.messages


async def test_ffmpeg_out_of_memory_says_so(start: MakeSandbox) -> None:
    pictures = "testsrc=size=8192x8192"
    large = ("-v", "error", "-f", "lavfi", "-i", pictures, "-c:v", "libx264", "-f", "null", "-")
    limits = replace(_SMALL, memory_bytes=256 * MIB)
    with pytest.raises(PlayheadError) as raised:
        await run(Invocation("ffmpeg", large, limits=limits), sandbox=start(find_tools()))
    assert (raised.value.code, "256 MiB of memory" in raised.value.detail) == ("resource_limit", True)


async def test_a_fork_bomb_does_not_even_start(box: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(ToolFailed) as raised:
        await _run(box(stand_in("misbehaving")), "fork_bomb")
    assert "PermissionError" in raised.value.messages


async def test_a_thread_bomb_is_stopped(start: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(start(stand_in("misbehaving")), "thread_bomb")
    # By the kernel, where the user or the namespace is the job's own; else by the watch.
    failed = raised.value
    by_kernel = isinstance(failed, ToolFailed) and "can't start new thread" in failed.messages
    assert by_kernel or "more than 128 threads" in failed.detail


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 has a second convention")
async def test_the_other_calling_convention_is_deadly(box: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(box(stand_in("misbehaving")), "foreign_call")
    assert (raised.value.code, "SIGSYS" in raised.value.detail) == ("decoder_crashed", True)


# Pipes


async def test_only_the_end_of_a_flood_of_messages_is_kept(start: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(ToolFailed) as raised:
        await _run(start(stand_in("misbehaving")), "stderr_flood")
    messages = raised.value.messages
    assert messages.endswith("the last words\n")
    assert 15_000 < len(messages) <= 16 * 1024
    assert not set(messages) & {"\x1b", "\x07", "\r"}


async def test_output_within_its_limit_is_whole(start: MakeSandbox, stand_in: StandIn) -> None:
    outcome = await _run(start(stand_in("misbehaving")), "some_stdout")
    assert outcome.stdout == b"y" * 1_000_000


async def test_one_that_gets_on_is_not_stopped(start: MakeSandbox, stand_in: StandIn) -> None:
    """Twelve frames in 3 s, each told: longer than it may take without one, on a busy machine too."""
    await _run(start(stand_in("misbehaving")), "slow_but_moving", limits=replace(_SMALL, quiet_seconds=2.5))


async def test_a_probe_that_hangs_is_stopped_too(start: MakeSandbox, stand_in: StandIn) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _run(
            start(stand_in("misbehaving")),
            "hang",
            limits=replace(_SMALL, quiet_seconds=0.5),
            program="ffprobe",
        )
    assert raised.value.code == "decode_timeout"


# Surroundings


async def test_nothing_of_ours_is_handed_on(
    start: MakeSandbox, stand_in: StandIn, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYHEAD_S3_SECRET_KEY", "hidden")
    outcome = await _run(start(stand_in("misbehaving")), "tell_surroundings", scratch)
    niceness, folder, environment, files = json.loads(outcome.stdout)
    assert (niceness, folder, files) == (19, str(scratch), [])
    assert set(environment) - {"PWD"} == {"AV_LOG_FORCE_NOCOLOR", "LC_ALL"}  # bubblewrap tells the folder


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the kernel has no autogroups")
async def test_it_gives_way_where_the_kernel_shares_out_among_sessions(
    start: MakeSandbox, stand_in: StandIn
) -> None:
    seen: set[str] = set()

    invocation = Invocation("ffmpeg", ("slow_but_moving",), limits=_SMALL, niceness=7)
    running = asyncio.create_task(run(invocation, sandbox=start(stand_in("misbehaving"))))
    while not running.done():
        for child in psutil.Process().children():
            with contextlib.suppress(OSError):  # it has just come to its end
                seen.add(Path(f"/proc/{child.pid}/autogroup").read_text().strip().partition(" ")[2])
        await asyncio.sleep(0.05)
    await running
    assert "nice 7" in seen  # others are servers of other tests


async def test_use_of_the_machine_is_measured(start: MakeSandbox, stand_in: StandIn) -> None:
    busy = ("-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:duration=1", "-f", "null", "-")
    outcome = await run(Invocation("ffmpeg", busy), sandbox=start(find_tools()))
    assert 0.05 < outcome.cpu_seconds < 20
    # A static build needs 20 MiB for this, Debian with its 200 libraries 60.
    assert 10 * MIB < outcome.peak_memory_bytes < 800 * MIB


async def test_a_program_that_has_gone_is_named(start: MakeSandbox, tmp_path: Path) -> None:
    gone = Tools(tmp_path / "ffmpeg", tmp_path / "ffprobe")
    with pytest.raises(PlayheadError) as raised:
        await run(Invocation("ffmpeg", ()), sandbox=start(gone))
    assert raised.value.code == "tool_missing"


async def test_an_input_that_has_gone_is_named(box: MakeSandbox, tmp_path: Path) -> None:
    with pytest.raises(PlayheadError) as raised:
        await run(Invocation("ffprobe", (), reads=(tmp_path / "gone.mp4",)), sandbox=box(find_tools()))
    assert raised.value.code == "source_missing"


async def test_descriptors_and_children_do_not_add_up(start: MakeSandbox, stand_in: StandIn) -> None:
    sandbox = start(stand_in("misbehaving"))
    await _run(sandbox, "some_stdout")  # what is made once, like the event loop's own, is there now
    before, others = len(os.listdir("/proc/self/fd")), _children()
    for way in ("some_stdout", "crash", "some_stdout"):
        with contextlib.suppress(PlayheadError):
            await _run(sandbox, way)
    assert len(os.listdir("/proc/self/fd")) == before
    assert _children() == others


def _children() -> set[int]:
    """Processes of ours, the dead that nobody collected included; those of the whole session's tests too."""
    return {child.pid for child in psutil.Process().children()}


# Ending for certain


async def test_cancelling_ends_the_program_before_it_returns(
    start: MakeSandbox, stand_in: StandIn, scratch: Path
) -> None:
    job = asyncio.create_task(_run(start(stand_in("misbehaving")), "live_on", scratch))
    while not (scratch / "alive").exists():
        await asyncio.sleep(0.01)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert not await _grows(scratch / "alive")


async def test_what_it_leaves_behind_cannot_live_in_a_sandbox(
    box: MakeSandbox, stand_in: StandIn, scratch: Path
) -> None:
    with pytest.raises(ToolFailed) as raised:
        await _run(box(stand_in("misbehaving")), "outlive", scratch)
    assert "PermissionError" in raised.value.messages
    assert not (scratch / "alive").exists()


_WORKER = """
    import asyncio, sys
    from pathlib import Path
    from playhead.media.ffmpeg.run import Invocation, run
    from playhead.media.ffmpeg.sandbox.bubblewrap import Bubblewrap
    from playhead.media.ffmpeg.sandbox.landlock import Landlock
    from playhead.media.ffmpeg.sandbox.none import NoSandbox
    from playhead.media.ffmpeg.tools import Tools

    script, scratch, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    make = {"Bubblewrap": Bubblewrap, "Landlock": Landlock, "NoSandbox": NoSandbox}[name]
    sandbox = make(Tools(script, script, libraries=(Path(sys.base_prefix),)))
    asyncio.run(run(Invocation("ffmpeg", ("live_on",), scratch=scratch), sandbox=sandbox))
"""


async def test_killing_the_worker_kills_its_ffmpeg(
    start: MakeSandbox, stand_in: StandIn, scratch: Path
) -> None:
    sandbox = start(stand_in("misbehaving"))
    script = stand_in("misbehaving").ffmpeg
    arguments = [str(script), str(scratch), type(sandbox).__name__]
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_WORKER), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        while not (scratch / "alive").exists():
            assert worker.poll() is None
            await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        await asyncio.sleep(0.2)
        assert not await _grows(scratch / "alive")
    finally:
        worker.kill()
        worker.wait()


def test_it_runs_on_uvloop_as_well(stand_in: StandIn) -> None:
    uvloop = pytest.importorskip("uvloop")
    invocation = Invocation("ffmpeg", ("some_stdout",), limits=_SMALL)

    async def main() -> Outcome:
        return await run(invocation, sandbox=Landlock(stand_in("misbehaving")))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert len(runner.run(main()).stdout) == 1_000_000

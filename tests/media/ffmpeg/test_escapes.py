"""A hostile file has taken ffmpeg over. What can it reach?"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from playhead.media.ffmpeg.run import Invocation, run
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import Tools
from tests.media.ffmpeg.boxes import MakeSandbox, StandIn

# What any plain user may do outside of a sandbox, so that refusing it is the sandbox's doing.
_POSSIBLE_OUTSIDE = {
    "connect_tcp",
    "listen_tcp",
    "send_udp",
    "connect_unix_socket",
    "connect_abstract_socket",
    "open_netlink",
    "make_socket_pair",
    "read_users",
    "read_another_tenant",
    "read_beside_the_input",
    "read_through_a_link",
    "read_through_a_planted_link",
    "take_a_hard_link",
    "read_the_workers_environment",
    "read_through_proc_root",
    "read_kernel_settings",
    "list_other_folders",
    "list_the_root",
    "write_over_the_input",
    "empty_the_input_while_reading",
    "empty_by_path",
    "write_outside",
    "write_to_memory_folders",
    "move_a_file_out",
    "change_the_canarys_mode",
    "change_the_canarys_owner",
    "change_the_canarys_times",
    "delete_the_canary",
    "make_a_named_pipe",
    "fork",
    "start_a_program",
    "signal_the_worker",
    "signal_another_job",
    "signal_everyone",
    "signal_through_a_descriptor",
    "limit_another_job",
    "outlive_the_worker",
    "call_process_vm_readv",
    "call_pidfd_open",
    "call_setpriority",
    "call_keyctl",
    "call_personality",
    "call_memfd_create",
    "call_shmget",
    "call_inotify_init",
    "call_clone3",
    "call_execveat",
    "call_mount",
}


@dataclass
class _World:
    """Everything outside that there is to reach, and whether it was."""

    folder: Path
    scratch: Path
    goal: dict[str, object] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)

    def files(self) -> dict[str, tuple[bytes | str, int, int]]:
        """Return contents, modes and times of all files but the scratch folder's."""
        found: dict[str, tuple[bytes | str, int, int]] = {}
        for path in sorted(self.folder.rglob("*")):
            if self.scratch in (path, *path.parents):
                continue
            seen = path.lstat()
            content = path.read_bytes() if path.is_file() else "folder"
            found[str(path)] = (content, seen.st_mode, seen.st_mtime_ns)
        return found


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, contacts: list[str]) -> None:
        self._contacts = contacts

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._contacts.append("udp")


def _lay_out(folder: Path) -> _World:
    world = _World(folder, folder / "scratch")
    files = {
        "canary": "tenant/canary",
        "delete_me": "tenant/delete-me",
        "input": "in/input.mp4",
        "empty_me": "in/b.mp4",
    }
    for name, place in files.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(b"secret of another tenant" * 10)
        world.goal[name] = str(folder / place)
    (folder / "in" / "beside.mp4").write_bytes(b"another job's input")
    world.scratch.mkdir()
    (world.scratch / "planted-link").symlink_to(folder / "tenant" / "canary")
    return world


@contextmanager
def _another_job() -> Iterator[int]:
    job = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        yield job.pid
        assert job.poll() is None, "the other job still runs"
        assert os.getpriority(os.PRIO_PROCESS, job.pid) == 0
    finally:
        job.send_signal(signal.SIGKILL)
        job.wait()


@asynccontextmanager
async def _a_world(folder: Path) -> AsyncIterator[_World]:
    world = _lay_out(folder)
    loop = asyncio.get_running_loop()

    def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        world.contacts.append(str(writer.get_extra_info("sockname")))
        writer.close()

    abstract = f"playhead-{os.getpid()}"
    socket_path = world.scratch / "door"
    async with (
        await asyncio.start_server(met, "127.0.0.1", 0) as tcp,
        await asyncio.start_unix_server(met, socket_path),
        await asyncio.start_unix_server(met, "\0" + abstract),
    ):
        udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(world.contacts), local_addr=("127.0.0.1", 0)
        )
        with _another_job() as other_job:
            world.goal |= {
                "tcp_port": tcp.sockets[0].getsockname()[1],
                "udp_port": udp.get_extra_info("sockname")[1],
                "unix_socket": str(socket_path),
                "abstract_socket": abstract,
                "scratch": str(world.scratch),
                "worker": os.getpid(),
                "other_job": other_job,
            }
            yield world
        udp.close()


async def _exploit(world: _World, make: MakeSandbox, stand_in: StandIn) -> dict[str, str]:
    """Run both halves of the stand-in; return how each attempt ended."""
    invocation = Invocation(
        "ffmpeg",
        (json.dumps(world.goal),),
        reads=(Path(str(world.goal["input"])), Path(str(world.goal["empty_me"]))),
        scratch=world.scratch,
    )
    ends: dict[str, str] = {}
    for half in ("exploited", "exploited_calls"):
        outcome = await run(invocation, sandbox=make(stand_in(half)))
        ends |= json.loads(outcome.stdout)
    return ends


async def test_nothing_gets_out_of_a_sandbox(tmp_path: Path, box: MakeSandbox, stand_in: StandIn) -> None:
    (tmp_path / "world").mkdir()
    async with _a_world(tmp_path / "world") as world:
        before = world.files()

        ends = await _exploit(world, box, stand_in)

        assert {name: end for name, end in ends.items() if end == "escaped"} == {}
        assert len(ends) >= 100
        assert world.files() == before
        assert world.contacts == []
        # What it made in its scratch folder is all there is of it.
        assert {path.name for path in world.scratch.iterdir()} <= {"planted-link", "door", "mine"}


@pytest.mark.parametrize("version", [1, 2, 3, 5])
async def test_nothing_gets_out_on_older_kernels(tmp_path: Path, stand_in: StandIn, version: int) -> None:
    def make(tools: Tools) -> Landlock:
        sandbox = Landlock(tools)
        sandbox.__dict__["version"] = version  # as the kernel would answer: later rights are not asked for
        return sandbox

    (tmp_path / "world").mkdir()
    async with _a_world(tmp_path / "world") as world:
        before = world.files()

        ends = await _exploit(world, make, stand_in)

        assert {name: end for name, end in ends.items() if end == "escaped"} == {}
        assert (world.files(), world.contacts) == (before, [])


async def test_the_attempts_are_real(tmp_path: Path, stand_in: StandIn) -> None:
    (tmp_path / "world").mkdir()
    async with _a_world(tmp_path / "world") as world:
        ends = await _exploit(world, NoSandbox, stand_in)

        assert {name: ends[name] for name in _POSSIBLE_OUTSIDE if ends[name] != "escaped"} == {}
        assert len(world.contacts) >= 4

"""Files put together from parts: what the journal says is there, is there, whatever ends a writer."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.model.errors import PlayheadError
from playhead.storage.arriving import Arriving, SupersededError, read_journal

FILE = bytes(range(256)) * 4
ID = UUID(int=7)

parts = st.tuples(st.integers(0, len(FILE)), st.integers(0, len(FILE))).map(sorted)
# A part, and what becomes of it: kept, or lost with its writer before that.
steps = st.lists(st.tuples(parts, st.booleans()), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_parts_in_any_order_make_the_file(tmp_path: Path, steps: list[tuple[list[int], bool]]) -> None:
    arriving, file_id = Arriving(tmp_path), uuid4()
    model: set[int] = set()
    for (start, stop), is_kept in steps:
        with await arriving.writer(file_id, len(FILE)) as writer:
            assert len(writer.held.bytes) == len(model)
            writer.write(start, FILE[start:stop])
            if is_kept:
                writer.keep()
                model |= set(range(start, stop))
    with await arriving.writer(file_id, len(FILE)) as writer:
        for start, stop in writer.held.bytes:
            writer.write(start, bytes(stop - start))  # other bytes for what is there already change nothing
        writer.write(0, FILE)
        writer.keep()
    assert arriving.path(file_id).read_bytes() == FILE


async def test_a_newer_writer_takes_over(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    with await arriving.writer(ID, 100) as older:
        older.write(0, b"a" * 10)
        older.keep()
        older.write(10, b"a" * 10)
        with await Arriving(tmp_path).writer(ID, 100) as newer:
            assert newer.held.prefix == 10
            with pytest.raises(SupersededError):
                older.keep()
            with pytest.raises(SupersededError):
                older.write(20, b"a" * 10)
            newer.write(10, b"b" * 90)
            newer.keep()
    assert arriving.path(ID).read_bytes() == b"a" * 10 + b"b" * 90


async def test_a_sealed_file_takes_no_more_from_who_was_writing(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    with await arriving.writer(ID, 10) as writer:
        await arriving.seal(ID)
        with pytest.raises(SupersededError):
            writer.write(0, b"x")


async def test_a_file_of_another_size_is_another_file(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    with await arriving.writer(ID, 10):
        pass
    with pytest.raises(PlayheadError) as caught:
        await arriving.writer(ID, 11)
    assert caught.value.code == "wrong_state"


async def test_a_journal_is_good_up_to_the_record_that_was_cut_off(tmp_path: Path) -> None:
    arriving = Arriving(tmp_path)
    with await arriving.writer(ID, 100) as writer:
        for start in (0, 10, 50):
            writer.write(start, b"x" * 10)
            writer.keep()
    journal = tmp_path / str(ID) / "journal"
    data = journal.read_bytes()
    for length in range(len(data)):
        held = read_journal(data[:length])
        assert (0 if held is None else len(held.bytes)) == max(0, length // 20 - 1) * 10
    # What is written behind such a record is found again.
    journal.write_bytes(data[:-3])
    with await arriving.writer(ID, 100) as writer:
        writer.write(30, b"x" * 10)
        writer.keep()
    found = await arriving.held(ID)
    assert found is not None
    assert list(found.bytes) == [(0, 20), (30, 40)]


async def test_killed_before_the_file_got_its_name_it_is_whole_all_the_same(tmp_path: Path) -> None:
    script = """
        import asyncio, os, signal, sys
        from pathlib import Path
        from uuid import UUID
        from playhead.storage import arriving
        arriving._settle = lambda folder: os.kill(os.getpid(), signal.SIGKILL)

        async def main():
            with await arriving.Arriving(Path(sys.argv[1])).writer(UUID(int=7), 10) as writer:
                writer.write(0, b"x" * 10)
                writer.keep()

        asyncio.run(main())
    """
    assert _run(script, tmp_path).returncode == -signal.SIGKILL
    arriving = Arriving(tmp_path)
    assert not arriving.path(ID).exists()
    await arriving.settle(ID)
    assert arriving.path(ID).read_bytes() == b"x" * 10


def test_a_full_disk_is_storage_full_and_keeps_what_it_said_it_had(tmp_path: Path) -> None:
    script = """
        import asyncio, subprocess, sys
        from pathlib import Path
        from uuid import UUID
        from playhead.model.errors import PlayheadError
        from playhead.storage import arriving
        from playhead.upload.incoming import Incoming
        from playhead.upload.part import Part
        arriving.RESERVE_BYTES = 0  # to the last byte of it
        root = Path(sys.argv[1])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", root], check=True)

        async def body(length):
            for _ in range(length // 65536):
                yield b"x" * 65536

        async def main():
            incoming, size = Incoming(root), 16 << 20
            await incoming.receive_part(UUID(int=7), Part(0, 1 << 20, size), body(1 << 20))
            try:
                await incoming.receive_part(UUID(int=7), Part(1 << 20, size, size), body(15 << 20))
            except PlayheadError as error:
                assert error.code == "storage_full", error.code
            else:
                raise SystemExit("it fitted")
            held = await incoming.standing(UUID(int=7))
            assert 1 << 20 <= held.prefix < 4 << 20, held.prefix
            print("full")

        asyncio.run(main())
    """
    done = _run(script, tmp_path, prefix=("unshare", "--mount", "--map-root-user"))
    assert done.stdout == "full\n", done.stderr


def _run(script: str, folder: Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-c", textwrap.dedent(script), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)

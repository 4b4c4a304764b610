"""The disk adapter: the suite, and what only a disk can do wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.disk import Disk
from playhead.storage.port import Storage
from tests.storage.suite import KEY, StorageSuite


class TestDisk(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return Disk(tmp_path / "store")


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _run(script: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a script in a Python of its own."""
    return subprocess.run(
        [*prefix, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def test_deleting_the_last_object_leaves_an_empty_root(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    await disk.put(KEY, b"x")
    await disk.put(KEY.replace("480p", "720p"), b"x")
    await disk.delete(KEY)
    assert (tmp_path / "videos").is_dir()
    await disk.delete(KEY.replace("480p", "720p"))
    assert list(tmp_path.iterdir()) == []


async def test_adopting_on_the_same_file_system_copies_nothing(tmp_path: Path) -> None:
    path = tmp_path / "finished"
    path.write_bytes(b"x" * 1000)
    number = path.stat().st_ino
    disk = Disk(tmp_path / "store")
    await disk.adopt(KEY, path)
    async with disk.local(KEY) as local:
        assert local.stat().st_ino == number


async def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path)
    await disk.put(KEY, b"the folders exist from here on")
    told: list[str] = []
    fsync, rename = os.fsync, os.rename

    def told_fsync(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        told.append("bytes" if name.endswith(".part") else f"folder {name}")
        fsync(descriptor)

    def told_rename(source: Path, target: Path) -> None:
        told.append(f"name {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", told_fsync)
    monkeypatch.setattr(os, "rename", told_rename)
    await disk.put(KEY.replace("a1", "b2"), b"x")
    assert told == ["bytes", "name b2.mp4", "folder 480p"]


async def test_a_writer_killed_before_its_bytes_are_safe_leaves_no_object(tmp_path: Path) -> None:
    script = """
        import asyncio, os, signal, sys
        from pathlib import Path
        from playhead.storage.disk import Disk
        os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
        Path(sys.argv[1], "videos").mkdir(parents=True)
        asyncio.run(Disk(Path(sys.argv[1])).put("videos/a", b"x" * 100_000))
    """
    assert _run(script, tmp_path / "store").returncode == -signal.SIGKILL
    disk = Disk(tmp_path / "store")
    assert [key async for key in disk.keys("")] == []
    with pytest.raises(PlayheadError):
        await disk.size("videos/a")
    assert [name.endswith(".part") for name in _files(tmp_path)] == [True]
    # The ledger knows the key; deleting it takes the leftover along.
    await disk.delete("videos/a")
    assert _files(tmp_path) == []


_SMALL_DISK = ("unshare", "--mount", "--map-root-user")
"""A mount namespace of its own: file systems of any size, for root and for everyone else."""


def test_a_full_disk_is_storage_full_and_heals_once_there_is_room(tmp_path: Path) -> None:
    script = """
        import asyncio, subprocess, sys
        from pathlib import Path
        from playhead.model.errors import PlayheadError
        from playhead.storage.disk import Disk
        root = Path(sys.argv[1])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", root], check=True)

        async def main() -> None:
            disk = Disk(root)
            await disk.put("videos/1/small", b"s" * 600_000)
            try:
                await disk.put("videos/2/large", b"l" * 600_000)
            except PlayheadError as error:
                assert error.code == "storage_full", error.code
            else:
                raise SystemExit("it fitted")
            files = [path.name for path in root.rglob("*")]
            assert sorted(files) == ["1", "small", "videos"], files
            assert await disk.read("videos/1/small", 0, 600_001) == b"s" * 600_000
            await disk.delete("videos/1/small")
            await disk.put("videos/2/large", b"l" * 600_000)
            print("healed")

        asyncio.run(main())
    """
    done = _run(script, tmp_path, prefix=_SMALL_DISK)
    assert done.stdout == "healed\n", done.stderr


def test_adopting_from_another_file_system_copies(tmp_path: Path) -> None:
    script = """
        import asyncio, subprocess, sys
        from pathlib import Path
        from playhead.model.errors import PlayheadError
        from playhead.storage.disk import Disk
        scratch, root = Path(sys.argv[1], "scratch"), Path(sys.argv[1], "root")
        for folder, size in ((scratch, "4m"), (root, "2m")):
            folder.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)

        async def main() -> None:
            disk = Disk(root)
            (scratch / "a").write_bytes(b"a" * 1_500_000)
            await disk.adopt("videos/a", scratch / "a")
            assert not (scratch / "a").exists()
            assert await disk.read("videos/a", 0, 2_000_000) == b"a" * 1_500_000
            (scratch / "b").write_bytes(b"b" * 1_500_000)
            try:
                await disk.adopt("videos/b", scratch / "b")
            except PlayheadError as error:
                assert error.code == "storage_full", error.code
            else:
                raise SystemExit("it fitted")
            assert (scratch / "b").exists()
            assert [path.name for path in root.rglob("*")] == ["videos", "a"]
            print("copied")

        asyncio.run(main())
    """
    done = _run(script, tmp_path, prefix=_SMALL_DISK)
    assert done.stdout == "copied\n", done.stderr


async def test_a_root_that_is_no_folder_is_storage_unavailable(tmp_path: Path) -> None:
    (tmp_path / "root").write_bytes(b"")
    with pytest.raises(PlayheadError) as caught:
        await Disk(tmp_path / "root").put(KEY, b"x")
    assert caught.value.code == "storage_unavailable"


async def test_a_read_only_root_is_storage_unavailable(tmp_path: Path) -> None:
    script = """
        import asyncio, subprocess, sys
        from pathlib import Path
        from playhead.model.errors import PlayheadError
        from playhead.storage.disk import Disk
        root = Path(sys.argv[1])
        subprocess.run(["mount", "-t", "tmpfs", "none", root], check=True)
        disk = Disk(root)
        asyncio.run(disk.put("videos/a", b"x"))
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        for attempt in (disk.put("videos/b", b"x"), disk.delete("videos/a")):
            try:
                asyncio.run(attempt)
            except PlayheadError as error:
                assert error.code == "storage_unavailable", error.code
            else:
                raise SystemExit("it was written")
        assert asyncio.run(disk.read("videos/a", 0, 9)) == b"x"
        print("refused")
    """
    done = _run(script, tmp_path, prefix=_SMALL_DISK)
    assert done.stdout == "refused\n", done.stderr

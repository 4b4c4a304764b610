"""The checksums of files, of several stretches and of none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from playhead.model.checksum import Checksums
from playhead.storage import digest
from playhead.storage.digest import Crc64Nvme, checksums_of, sha256_of


@pytest.mark.parametrize("size", [0, 1, 6, 7, 12, 100])
async def test_it_is_that_of_all_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(digest, "_STEP", 6)
    monkeypatch.setattr(digest, "_BLOCK", 3)
    data = bytes(range(size))
    (tmp_path / "file").write_bytes(data)
    assert await sha256_of(tmp_path / "file") == hashlib.sha256(data).digest()
    crc = _slow_crc(data)
    for like in (Checksums(), Checksums(b""), Checksums(None, b""), Checksums(b"", b"")):
        found = await checksums_of(tmp_path / "file", like)
        assert found.sha256 == (None if like.sha256 is None else hashlib.sha256(data).digest())
        assert found.crc64nvme == (None if like.crc64nvme is None else crc)


def test_the_crc_is_the_one_in_the_catalogues() -> None:
    assert _slow_crc(b"123456789").hex() == "ae8b14860a799888"
    found = Crc64Nvme()
    for block in (b"1234", b"", b"56789"):
        found.update(block)
    assert found.digest().hex() == "ae8b14860a799888"


def _slow_crc(data: bytes) -> bytes:
    """CRC-64/NVME bit by bit, as its polynomial says."""
    value = (1 << 64) - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x9A6C9329AC4BC9B5 if value & 1 else 0)
    return (value ^ ((1 << 64) - 1)).to_bytes(8, "big")

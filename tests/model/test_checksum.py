"""Checksums of whole files as senders spell them."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from playhead.model.checksum import Checksums, checksums_in, crc64nvme_in, require, spelled
from playhead.model.errors import PlayheadError

EMPTY = hashlib.sha256(b"").digest()
CRC = bytes.fromhex("ae8b14860a799888")
"""CRC-64/NVME of the digits from 1 to 9, as the catalogues of CRCs give it."""
BOTH = Checksums(EMPTY, CRC)


@pytest.mark.parametrize(
    "text",
    [
        f"sha-256:{EMPTY.hex()}",
        f"SHA-256:{EMPTY.hex().upper()}",
        f"sha-256:{b64encode(EMPTY).decode()}",
        f" sha-256=:{b64encode(EMPTY).decode()}: ",
        spelled(Checksums(EMPTY)),
    ],
)
def test_every_spelling_is_read(text: str) -> None:
    assert checksums_in(text) == Checksums(sha256=EMPTY)


@pytest.mark.parametrize(
    "text", ["crc64nvme:rosUhgp5mIg=", "CRC64NVME:AE8B14860A799888", "crc64nvme=:rosUhgp5mIg=:"]
)
def test_a_crc_is_read_as_s3_writes_it(text: str) -> None:
    assert checksums_in(text) == Checksums(crc64nvme=CRC)


def test_both_may_be_declared_and_are_spelled_as_they_are_read() -> None:
    assert spelled(Checksums()) is None
    for each in (BOTH, Checksums(sha256=EMPTY), Checksums(crc64nvme=CRC)):
        assert checksums_in(spelled(each) or "") == each
    assert checksums_in(f"crc64nvme:rosUhgp5mIg=,sha-256:{EMPTY.hex()}") == BOTH
    assert (bool(BOTH), bool(Checksums())) == (True, False)


def test_what_a_store_tells_of_the_parts_alone_is_no_crc_of_the_whole() -> None:
    assert crc64nvme_in("rosUhgp5mIg=") == CRC
    for text in ("rosUhgp5mIg=-3", "", "ae8b14860a799888", "AAAA"):
        assert crc64nvme_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "sha-256", "sha-256:", EMPTY.hex(), f"sha-512:{EMPTY.hex()}", f"sha-256:{EMPTY.hex()[:-2]}"),
        *(f"sha-256:{EMPTY.hex()}00", "sha-256:ü", f"sha-256=:{b64encode(EMPTY).decode()}", "sha-256:YQ=="),
        *("crc64nvme:", "crc64nvme:YQ==", "crc64nvme:ae8b", f"crc64nvme:{EMPTY.hex()}", "crc64:rosUhgp5mIg="),
        *(f"sha-256:{EMPTY.hex()},", f"sha-256:{EMPTY.hex()},sha-256:{EMPTY.hex()}"),
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        checksums_in(text)
    assert (caught.value.code, caught.value.field) == ("invalid_request", "checksum")


def test_what_differs_is_named_with_both() -> None:
    require(BOTH, BOTH)
    other = hashlib.sha256(b"other").digest()
    with pytest.raises(PlayheadError) as caught:
        require(BOTH, Checksums(other, CRC))
    assert caught.value.code == "checksum_mismatch"
    assert EMPTY.hex() in caught.value.detail
    assert other.hex() in caught.value.detail
    with pytest.raises(PlayheadError) as caught:
        require(BOTH, Checksums(crc64nvme=bytes(8)))
    assert caught.value.detail == "crc64nvme:AAAAAAAAAAA= arrived; crc64nvme:rosUhgp5mIg= was declared."


def test_what_nobody_has_looked_at_is_no_mismatch() -> None:
    require(BOTH, Checksums(crc64nvme=CRC))
    require(BOTH, Checksums())
    require(Checksums(), BOTH)

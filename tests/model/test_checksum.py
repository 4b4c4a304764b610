"""Checksums of whole files as senders spell them."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from playhead.model.checksum import require, sha256_in, spelled
from playhead.model.errors import PlayheadError

EMPTY = hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    "text",
    [
        f"sha-256:{EMPTY.hex()}",
        f"SHA-256:{EMPTY.hex().upper()}",
        f"sha-256:{b64encode(EMPTY).decode()}",
        f" sha-256=:{b64encode(EMPTY).decode()}: ",
        spelled(EMPTY),
    ],
)
def test_every_spelling_is_read(text: str) -> None:
    assert sha256_in(text) == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        *("", "sha-256", "sha-256:", EMPTY.hex(), f"sha-512:{EMPTY.hex()}", f"sha-256:{EMPTY.hex()[:-2]}"),
        *(f"sha-256:{EMPTY.hex()}00", "sha-256:ü", f"sha-256=:{b64encode(EMPTY).decode()}", "sha-256:YQ=="),
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        sha256_in(text)
    assert (caught.value.code, caught.value.field) == ("invalid_request", "checksum")


def test_what_differs_is_named_with_both() -> None:
    require(EMPTY, EMPTY)
    other = hashlib.sha256(b"other").digest()
    with pytest.raises(PlayheadError) as caught:
        require(EMPTY, other)
    assert caught.value.code == "checksum_mismatch"
    assert EMPTY.hex() in caught.value.detail
    assert other.hex() in caught.value.detail

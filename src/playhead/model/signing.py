"""Signed, expiring capabilities: what makes an upload URL or a private playback URL work, and stop working.

A token says who signed it and until when, followed by an HMAC-SHA256 (RFC 2104) over purpose, expiry and
subject. It names no algorithm, so none can be talked out of it, and a token made for one purpose or one
subject is worth nothing for another.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Literal

from playhead.model.errors import PlayheadError

Purpose = Literal["upload", "partial", "part", "playback", "grant"]

MIN_SECRET_LENGTH = 32
"""Characters a secret must have at least."""
MAX_EXPIRY = 10**11 - 1
"""Largest expiry a token can carry, in seconds since 1970."""
_KID_LENGTH = 8
_MAC_LENGTH = 43
"""Characters of 32 bytes in base64 without padding."""
_TOKEN = re.compile(
    rf"([A-Za-z0-9_-]{{{_KID_LENGTH}}})\.([1-9][0-9]{{0,10}})\.[A-Za-z0-9_-]{{{_MAC_LENGTH}}}"
)
_DOMAIN = b"playhead capability 1"


class Signer:
    """Signs with the first of `secrets` and verifies with all of them, so that secrets can be rotated.

    To rotate, put the new secret in front; drop the old one once nothing it signed is still to work. Dropping
    it at once revokes everything it signed.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("There must be at least one signing secret.")
        if any(len(secret) < MIN_SECRET_LENGTH for secret in secrets):
            raise ValueError(f"A signing secret must have {MIN_SECRET_LENGTH} characters or more.")
        self._keys = {_kid(secret): secret.encode() for secret in reversed(secrets)}
        self._signing_kid = _kid(secrets[0])

    def sign(self, purpose: Purpose, subject: str, expires_at: int) -> str:
        """A token for `subject` that works until `expires_at`, in seconds since 1970.

        It is made of `A-Z a-z 0-9 - _ .` alone, so it can stand in a URL's path as it is.
        """
        if not 0 < expires_at <= MAX_EXPIRY:
            raise ValueError(f"A token must expire between 1 and {MAX_EXPIRY} seconds after 1970.")
        return _token(self._signing_kid, self._keys[self._signing_kid], purpose, subject, expires_at)

    def verify(self, purpose: Purpose, subject: str, token: str, now: int) -> int:
        """When `token` stops working, if it is ours, for that purpose and subject, and still works at `now`.

        Raises:
            PlayheadError: `url_invalid` when it is not ours, `url_expired` when it was and its time is over.
        """
        parts = _TOKEN.fullmatch(token)
        key = self._keys.get(parts[1]) if parts else None
        if parts is None or key is None:
            raise PlayheadError("url_invalid")
        expires_at = int(parts[2])
        # The whole text is compared, not the decoded MAC: base64 has several spellings of the same bytes.
        expected = _token(parts[1], key, purpose, subject, expires_at)
        if not hmac.compare_digest(expected.encode(), token.encode()):
            raise PlayheadError("url_invalid")
        if now >= expires_at:
            raise PlayheadError("url_expired")
        return expires_at


def _token(kid: str, key: bytes, purpose: Purpose, subject: str, expires_at: int) -> str:
    # The subject comes last: the parts before it hold no NUL, so no two different claims read the same.
    claim = b"\0".join((_DOMAIN, purpose.encode(), str(expires_at).encode(), subject.encode()))
    return f"{kid}.{expires_at}.{_text(hmac.digest(key, claim, hashlib.sha256))}"


def _kid(secret: str) -> str:
    """A name for the secret that gives nothing of it away."""
    return _text(hashlib.sha256(b"playhead kid\0" + secret.encode()).digest())[:_KID_LENGTH]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

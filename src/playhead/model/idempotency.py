"""The header `Idempotency-Key`, with which a creating request can be sent twice and create once.

Spec: draft-ietf-httpapi-idempotency-key-header-07, with the bare key instead of a quoted string allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from playhead.model.errors import PlayheadError

HEADER = "idempotency-key"
LONGEST = 255


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The key that a request carries, if any; `headers` are by lower-case name.

    Raises:
        PlayheadError: `invalid_request` for a key that is empty, longer than 255 characters or not plain ASCII.
    """
    key = headers.get(HEADER)
    if key is None:
        return None
    key = key.strip().strip('"')
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise PlayheadError(
            "invalid_request",
            f"An Idempotency-Key is 1 to {LONGEST} printable ASCII characters.",
            field="Idempotency-Key",
        )
    return key

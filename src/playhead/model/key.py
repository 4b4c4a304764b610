"""Where a request carries its API key."""

from __future__ import annotations

from collections.abc import Mapping


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key in `X-API-KEY`, or in `Authorization: Bearer`; names are looked up in lower case."""
    key = headers.get("x-api-key")
    if key:
        return key.strip()
    scheme, _, rest = (headers.get("authorization") or "").partition(" ")
    return rest.strip() if scheme.lower() == "bearer" and rest else None

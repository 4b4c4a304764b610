"""Who may keep an answer, and for how long (RFC 9111, and `immutable` of RFC 8246)."""

from __future__ import annotations

YEAR = 31_536_000
"""Seconds a versioned answer may be kept: its bytes never change."""
BRIEF = 60
"""Seconds an answer may be kept whose URL does not name a version: the bytes may be replaced any time."""
NEVER = "no-store"
"""For refusals: what is missing now may be there in a moment."""


def control(*, versioned: bool, seconds_left: int | None) -> str:
    """The `Cache-Control` of an answer with bytes.

    Args:
        versioned: whether the URL names the version of the bytes that are served.
        seconds_left: how long the URL's token still works; None when it needs none.
    """
    lifetime = YEAR if versioned else BRIEF
    if seconds_left is None:
        scope = "public"
    else:
        # A shared cache would go on serving after the token's end, and to whoever asks.
        scope = "private"
        lifetime = min(lifetime, seconds_left)
    return f"{scope}, max-age={lifetime}{', immutable' if versioned else ''}"

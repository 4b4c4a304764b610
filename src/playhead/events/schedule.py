"""When a delivery that failed is tried again: the Standard Webhooks' schedule, over about 27.6 hours."""

from __future__ import annotations

from datetime import timedelta

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""Waits after the first attempt, which is made at once, and each one after it."""


def again_in(attempts: int) -> timedelta | None:
    """How long to wait after that many failed attempts, one at least; None when it is time to give up."""
    return RETRIES[attempts - 1] if attempts <= len(RETRIES) else None

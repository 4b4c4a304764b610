"""Whether an answer has the shape of the one that is shown: the same fields, with values of the same kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_EXACT = {"code", "type", "format", "event"}
"""Fields whose very values are what the page speaks of; numbers of HTTP statuses as well."""


def differences(shown: Any, real: Any, place: str = "") -> list[str]:
    """Every way in which `real` is not like `shown`, as sentences."""
    return list(_differences(shown, real, place or "the answer"))


def _differences(shown: Any, real: Any, place: str) -> Iterator[str]:
    if _kind(shown) != _kind(real):
        yield f"{place} is {real!r}, shown as {shown!r}"
    elif isinstance(shown, dict):
        yield from (f"{place} has no {name}" for name in shown.keys() - real.keys())
        yield from (f"{place} has {name}, which is not shown" for name in real.keys() - shown.keys())
        for name in shown.keys() & real.keys():
            yield from _differences(shown[name], real[name], f"{place}.{name}")
            if name in _EXACT and shown[name] != real[name]:
                yield f"{place}.{name} is {real[name]!r}, shown as {shown[name]!r}"
    elif isinstance(shown, list):
        if bool(shown) != bool(real):
            yield f"{place} is {real!r}, shown as {shown!r}"
        elif shown:
            for number, each in enumerate(real):
                yield from _differences(shown[0], each, f"{place}[{number}]")


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__

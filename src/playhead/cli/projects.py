"""`playhead projects`: what the projects in this database use, and what they may."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

from cyclopts import App, Parameter

from playhead.app import database
from playhead.cli.given import MisuseError, print_json, say, settings_with
from playhead.records import quotas
from playhead.records.database import Row

projects = App(name="projects", help="Show and limit what projects use.")

_Switch = Parameter(negative=(), show_default=False)
_NONE = "none"
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)b?", re.IGNORECASE)


@projects.command(name="list")
def list_projects(*, json: Annotated[bool, _Switch] = False) -> None:
    """List all projects with what they use and may use.

    Parameters
    ----------
    json
        Print one line of JSON for each.
    """

    async def work() -> list[Row]:
        async with database.records(settings_with()) as records, records.transaction() as tx:
            return await quotas.usage(tx)

    for row in asyncio.run(work()):
        if json:
            print_json(row)
        else:
            print(_line(row))


@projects.command
def limit(
    name: str,
    /,
    *,
    max_bytes: str | None = None,
    max_videos: str | None = None,
    max_open_uploads: str | None = None,
    max_creates_per_minute: str | None = None,
) -> None:
    """Limit what a project may use; what is not named stays as it is.

    Parameters
    ----------
    name
        The project's.
    max_bytes
        Of uploaded files, such as `50GB`; `none` lifts this limit, and so with the others.
    max_videos
        How many it may have.
    max_open_uploads
        How many uploads may be under way.
    max_creates_per_minute
        How many videos it may create in a minute.
    """
    asked = {
        "max_bytes": max_bytes,
        "max_videos": max_videos,
        "max_open_uploads": max_open_uploads,
        "max_creates_per_minute": max_creates_per_minute,
    }
    limits = {each: _amount(each, text) for each, text in asked.items() if text is not None}
    if not limits:
        raise MisuseError("Name at least one limit, such as --max-videos 100, or `none` to lift it.")

    async def work() -> bool:
        async with database.records(settings_with()) as records, records.transaction() as tx:
            return await quotas.limit(tx, name, limits)

    if not asyncio.run(work()):
        raise MisuseError(f"There is no project {name}; `playhead projects list` names them.")
    say("Done; it holds from the next upload on.")


def _amount(name: str, text: str) -> int | None:
    if text.lower() == _NONE:
        return None
    found = _AMOUNT.fullmatch(text.strip())
    value = float(found[1]) * _UNITS[found[2].lower()] if found else -1.0
    if not value.is_integer() or not 0 <= value < 2**31 - 1 + (name == "max_bytes") * 2**62:
        raise MisuseError(f"--{name.replace('_', '-')} takes a number or `none`, not {text!r}.")
    if name == "max_creates_per_minute" and value < 1:
        raise MisuseError("--max-creates-per-minute is 1 at least; --max-videos 0 lets nothing be created.")
    return int(value)


def _line(row: Row) -> str:
    """One project, such as `cats  3 of 10 videos  0 uploads under way  1200 of 5000000 bytes`."""

    def of(used: int, most: int | None) -> str:
        return str(used) if most is None else f"{used} of {most}"

    parts = [
        row["name"],
        f"{of(row['used_videos'], row['max_videos'])} videos",
        f"{of(row['used_open_uploads'], row['max_open_uploads'])} uploads under way",
        f"{of(row['used_bytes'], row['max_bytes'])} bytes",
    ]
    if row["max_creates_per_minute"] is not None:
        parts.append(f"{row['max_creates_per_minute']} creates a minute")
    return "  ".join(parts)

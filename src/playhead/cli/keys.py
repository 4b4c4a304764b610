"""`playhead keys`: the API keys of the projects in this database."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from playhead.app import database
from playhead.cli.given import MisuseError, print_json, say, settings_with
from playhead.records import projects
from playhead.records.database import Row

keys = App(name="keys", help="Create, list and revoke API keys.")

_Switch = Parameter(negative=(), show_default=False)


@keys.command
def create(
    *, project: str = "default", name: str = "made by hand", json: Annotated[bool, _Switch] = False
) -> None:
    """Make a key and print it; it cannot be shown again.

    Parameters
    ----------
    project
        Whose videos it opens; the project is made when there is none of that name.
    name
        To know it by in the list.
    json
        Print one line of JSON.
    """
    key = projects.new_key()

    async def work() -> None:
        async with database.records(settings_with()) as records, records.transaction() as tx:
            await projects.add_key(tx, await projects.ensure_project(tx, project), name, key)

    asyncio.run(work())
    if json:
        print_json({"key": key, "prefix": key[: projects.SHOWN], "project": project, "name": name})
    else:
        print(key)
        say("Keep it: only its hash is stored.")


@keys.command(name="list")
def list_keys(*, json: Annotated[bool, _Switch] = False) -> None:
    """List all keys by their first characters.

    Parameters
    ----------
    json
        Print one line of JSON for each.
    """

    async def work() -> list[Row]:
        async with database.records(settings_with()) as records, records.transaction() as tx:
            return await projects.list_keys(tx)

    found = asyncio.run(work())
    for row in found:
        if json:
            print_json(row)
        else:
            state = (
                f"revoked {_day(row['revoked_at'])}"
                if row["revoked_at"]
                else f"made {_day(row['created_at'])}"
            )
            print(f"{row['prefix']}…  {row['project']}  {state}  {row['name']}")
    if not found:
        say("There are no keys yet.")


@keys.command
def revoke(prefix: str, /) -> None:
    """Stop a key from working, at once and for good.

    Parameters
    ----------
    prefix
        Its first characters as `playhead keys list` shows them, its id, or the whole key.
    """

    async def work() -> int:
        # The list ends a prefix with an ellipsis, which may be copied along; a whole key begins with one.
        shown = prefix.rstrip("…")
        shown = shown[: projects.SHOWN] if shown.startswith(projects.PREFIX) else shown
        async with database.records(settings_with()) as records, records.transaction() as tx:
            return await projects.revoke_key(tx, shown)

    count = asyncio.run(work())
    if count == 0:
        raise MisuseError(f"No working key begins with {prefix}.")
    say("Revoked." if count == 1 else f"Revoked {count} keys.")


def _day(time: datetime) -> str:
    return time.date().isoformat()

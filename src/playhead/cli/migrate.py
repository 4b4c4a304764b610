"""`playhead migrate`: the schema, by itself; `serve` does it at every start."""

from __future__ import annotations

import asyncio

from playhead.app import database
from playhead.cli.given import say, settings_with
from playhead.records import migrate as migrations


def migrate() -> None:
    """Bring the database's schema up to this release, and print its version.

    Running it again changes nothing; several machines may run it at once.
    """

    async def work() -> tuple[str | None, str | None]:
        async with database.reachable(settings_with()) as url:
            before = await migrations.current(url)
            await migrations.upgrade(url)
            return before, await migrations.current(url)

    before, after = asyncio.run(work())
    say(f"The schema was at {before or 'nothing'}." if before != after else "The schema was up to date.")
    print(after)

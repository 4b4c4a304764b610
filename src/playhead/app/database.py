"""The database that the settings name, for a command that needs it for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from playhead.app import cluster as clusters
from playhead.app import embedded
from playhead.app.folder import DataFolder, FolderInUseError
from playhead.app.refusal import RefusalError
from playhead.records import migrate
from playhead.records.database import Records
from playhead.settings import Settings

STARTING_FOR = 30.0
"""Seconds to wait for a server that somebody else is just starting."""


@asynccontextmanager
async def reachable(settings: Settings) -> AsyncIterator[str]:
    """The URL of a database that answers, for the time of the block.

    That of the settings; else that of the running `playhead serve`; else the embedded one is started for as
    long as the block takes.

    Raises:
        RefusalError: when the embedded one cannot be had.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    folder = DataFolder(settings.data)
    try:
        with folder.locked():
            async with embedded.running(folder.path) as server:
                yield server.url
    except FolderInUseError as in_use:
        url = clusters.url(clusters.socket_folder(folder.path))
        await _answers(url, in_use)
        yield url


@asynccontextmanager
async def records(settings: Settings) -> AsyncIterator[Records]:
    """The records in that database, migrated.

    Raises:
        RefusalError: as `reachable`.
        PlayheadError: `database_unavailable`.
    """
    async with reachable(settings) as url:
        await migrate.upgrade(url)
        opened = Records(url, pool_size=1)
        try:
            yield opened
        finally:
            await opened.close()


async def _answers(url: str, otherwise: RefusalError) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STARTING_FOR):
            while True:
                with suppress(psycopg.OperationalError):
                    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5):
                        return
                await asyncio.sleep(0.1)
    raise otherwise

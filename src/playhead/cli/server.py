"""The server that a command talks to over HTTP: which one, with which key, and how its refusals end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playhead.cli.given import FailedError, MisuseError, settings_with
from playhead.client import Client, PlayheadClientError
from playhead.settings import Settings


@contextmanager
def server(url: str | None, key: str | None) -> Iterator[Client]:
    """A client of the server named on the command line, else of the one that this machine's settings name.

    Raises:
        MisuseError: when there is no key to be found, or the address is none.
        FailedError: when the server cannot be reached or refuses what the block asks of it.
    """
    settings = settings_with()
    try:
        # One more try, for a connection that broke: somebody waits at the terminal.
        client = Client(url or settings.base_url, key or _key_of(settings), retries=1)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    with client:
        try:
            yield client
        except PlayheadClientError as error:
            raise FailedError(str(error)) from error


def _key_of(settings: Settings) -> str:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    kept = settings.data / "key"
    try:
        return kept.read_text().strip()
    except OSError:
        raise MisuseError(
            f"There is no API key: give --key or set PLAYHEAD_API_KEY. `playhead serve` keeps one in {kept}, "
            "but that cannot be read."
        ) from None

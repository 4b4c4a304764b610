"""The server that a command talks to over HTTP: which one, with which key, and how its refusals end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playhead.cli.given import FailedError, MisuseError, settings_with
from playhead.client import Client, PlayheadClientError
from playhead.settings import Settings

RETRIES = 5
"""How often a request that may be repeated is tried again while the server is away."""


@contextmanager
def server(url: str | None, key: str | None) -> Iterator[Client]:
    """A client of the server named on the command line, else of the one that this machine's settings name.

    Raises:
        MisuseError: when there is no key to be found, or the address is none.
        FailedError: when the server cannot be reached or refuses what the block asks of it.
    """
    # One more try, for a connection that broke: somebody waits at the terminal.
    with client_of(url, key, retries=1) as client:
        try:
            yield client
        except PlayheadClientError as error:
            raise FailedError(str(error)) from error


def client_of(url: str | None, key: str | None, *, retries: int = RETRIES) -> Client:
    """A client of the server and key given, else of those this machine's settings and data folder have.

    Raises:
        MisuseError: when there is no key to be found, or the address is none.
    """
    if url is None or key is None:
        settings = settings_with()
        url, key = url or settings.base_url, key or _key_of(settings)
    try:
        return Client(url, key, retries=retries)
    except ValueError as error:
        raise MisuseError(str(error)) from error


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

"""What every command shares: settings from the command line, and how a command ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from playhead.settings import Settings

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: it went well; it failed and was named; the command line or a setting is wrong; Ctrl-C."""


class MisuseError(Exception):
    """The command line or a setting asks for something that cannot be, in one sentence."""


class FailedError(Exception):
    """What was asked for did not happen, in one sentence."""


def settings_with(**given: Any) -> Settings:
    """The settings, with what the command line gave in place of what the environment or the file says.

    Raises:
        MisuseError: naming each value that is not valid, and never the value of a secret.
    """
    # Imported here, as the help page needs no settings and shall not wait for the library behind them.
    from pydantic import ValidationError

    from playhead.settings import Settings

    def sentence(location: tuple[int | str, ...], message: str) -> str:
        name = str(location[0]) if location else ""
        if name not in Settings.model_fields:
            return f"There is no setting {name}."
        return f"PLAYHEAD_{name.upper()} is not valid: {message[0].lower()}{message[1:]}."

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise MisuseError(" ".join(sentence(each["loc"], each["msg"]) for each in error.errors())) from error


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def say(message: str) -> None:
    """A message for the person at the terminal; never a result."""
    print(message, file=sys.stderr, flush=True)

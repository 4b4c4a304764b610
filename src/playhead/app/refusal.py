"""Why Playhead does not start, told to the operator."""

from __future__ import annotations

from playhead.model.errors import PlayheadError


class RefusalError(Exception):
    """One sentence about something the operator can mend: a port, a folder, an account.

    It never reaches a user of the API, so unlike a `PlayheadError` it may name paths of this machine.
    """


def told(error: PlayheadError | RefusalError) -> str:
    """A failure as the operator is told it, who may know what a user of the API may not: what the cause said."""
    if isinstance(error, RefusalError):
        return str(error)
    sentence = error.detail or error.message
    cause = str(error.__cause__ or "").strip()
    return f"{sentence} ({cause.splitlines()[0]})" if cause else sentence

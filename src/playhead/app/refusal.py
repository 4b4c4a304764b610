"""Why Playhead does not start, told to the operator."""

from __future__ import annotations


class RefusalError(Exception):
    """One sentence about something the operator can mend: a port, a folder, an account.

    It never reaches a user of the API, so unlike a `PlayheadError` it may name paths of this machine.
    """

"""`playhead doctor`: is this machine fit, and what to do if not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from playhead.app.doctor import Finding, examine
from playhead.cli.given import FAILED, OK, print_json, settings_with
from playhead.settings import Settings

_MARKS = {"ok": "ok", "note": "note", "missing": "MISSING"}


def doctor(
    *,
    data: Annotated[Path | None, Parameter(show_default=False)] = None,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> int:
    """Check what this machine needs, and say what is missing. Exit code 1 when something is.

    Parameters
    ----------
    data
        The data folder to look at; by default that of the settings.
    json
        Print one line of JSON.
    """
    found = asyncio.run(_examined(settings_with(data=data), quiet=json))
    fit = all(finding.verdict != "missing" for finding in found)
    if json:
        print_json({"fit": fit, "findings": found})
    return OK if fit else FAILED


async def _examined(settings: Settings, *, quiet: bool) -> list[Finding]:
    found = []
    async for finding in examine(settings):
        found.append(finding)
        if not quiet:
            print(f"{_MARKS[finding.verdict]:<8} {finding.about:<9} {finding.sentence}", flush=True)
    return found

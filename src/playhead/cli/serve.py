"""`playhead serve` and `playhead worker`, and the two processes they start."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from playhead.app.gate import wait_at
from playhead.app.logs import configure_logs
from playhead.app.refusal import told
from playhead.app.supervise import ROLES, UNFIT, Role, Running, Supervisor
from playhead.cli.given import OK, MisuseError, say, settings_with
from playhead.model.errors import PlayheadError
from playhead.settings import Settings

_Quietly = Parameter(show_default=False)


def serve(
    *,
    host: Annotated[str | None, _Quietly] = None,
    port: Annotated[int | None, _Quietly] = None,
    data: Annotated[Path | None, _Quietly] = None,
    only: Annotated[str | None, _Quietly] = None,
) -> None:
    """Run everything on this machine, until Ctrl-C.

    Without PLAYHEAD_DATABASE_URL it brings its own PostgreSQL, under the data folder. Once it answers it
    prints the page's URL, an API key and a command that uploads a file.

    Parameters
    ----------
    host
        Address to listen on; by default that of the settings.
    port
        Port to listen on; 0 takes any that is free.
    data
        Folder for the database, the videos and the keys.
    only
        `web` or `worker`, to run the other one elsewhere.
    """
    _supervise(settings_with(host=host, port=port, data=data), _roles(only))


def worker(
    *,
    processes: Annotated[int | None, _Quietly] = None,
    data: Annotated[Path | None, _Quietly] = None,
) -> None:
    """Run worker processes only; the same as `serve --only worker`.

    Parameters
    ----------
    processes
        How many; by default that of the settings.
    data
        Folder for scratch files, and for what the settings keep there.
    """
    _supervise(settings_with(worker_processes=processes, data=data), frozenset(("worker",)))


def web_process(*, fd: int, gate: int) -> None:
    """Serve on a socket inherited from the supervisor, once its gate is open."""
    from playhead.app import web

    settings = settings_with()
    wait_at(gate)
    web.run(settings, socket.socket(fileno=fd))


def worker_process(*, gate: int) -> int:
    """Work for the supervisor that started this, once its gate is open; the exit code tells it one reason why not."""
    from playhead.app import worker as work

    settings = settings_with()
    wait_at(gate)
    try:
        work.run(settings)
    except PlayheadError as error:
        if error.code not in ("sandbox_unavailable", "tool_missing"):
            raise
        say(told(error))
        return UNFIT
    return OK


def announcement(running: Running) -> str:
    """What to print once everything runs."""
    base = running.settings.base_url
    if running.key is None:
        return f"page  {base}/\nkey   (the first key was revoked: `playhead keys create` makes another)"
    return (
        f"page  {base}/#key={running.key}\n"
        f"key   {running.key}\n"
        f"try   curl -F file=@video.mp4 -F resolutions=360p,720p -F isPublic=true "
        f"-H 'X-API-KEY: {running.key}' {base}/api/video"
    )


def _supervise(settings: Settings, roles: frozenset[Role]) -> None:
    configure_logs(settings)

    def announce(running: Running) -> None:
        if "web" in roles:
            print(announcement(running), flush=True)
        say("Playhead is running; Ctrl-C stops it.")

    asyncio.run(Supervisor(settings, announce, roles=roles).run())


def _roles(only: str | None) -> frozenset[Role]:
    if only is None:
        return ROLES
    roles = frozenset(role for role in ROLES if role in only.split(","))
    if not roles or len(roles) != len(only.split(",")):
        raise MisuseError(f"--only takes web or worker, not {only}.")
    return roles

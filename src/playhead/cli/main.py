"""`playhead`: finds the command, runs it, and turns what went wrong into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from playhead import __version__
from playhead.app.refusal import RefusalError, told
from playhead.cli.given import FAILED, INTERRUPTED, MISUSED, OK, FailedError, MisuseError, say
from playhead.model.errors import PlayheadError

_EPILOGUE = (
    "Results go to standard output, everything else to standard error. "
    "Exit codes: 0 it went well, 1 it failed and the reason was named, 2 the command line or a setting is "
    "wrong, 130 Ctrl-C. "
    "What `serve` takes, and more, can be set by PLAYHEAD_… variables or playhead.toml: `playhead settings`."
)

# Each is imported when it is called, so that none waits for what only another one needs; the order is that of
# the help page.
_COMMANDS = {
    "serve": ("serve:serve", "Run everything on this machine, until Ctrl-C."),
    "worker": ("serve:worker", "Run worker processes only; the same as `serve --only worker`."),
    "upload": ("upload:upload", "Upload video files, and wait for them if asked to."),
    "plan": ("plan:plan", "Say what would be made of a file, without making it."),
    "keys": ("keys:keys", "Create, list and revoke API keys."),
    "projects": ("projects:projects", "Show and limit what projects use."),
    "webhooks": ("webhooks:webhooks", "Add, list and delete webhooks."),
    "doctor": ("doctor:doctor", "Check what this machine needs, and say what is missing."),
    "migrate": ("migrate:migrate", "Bring the database's schema up to this release."),
    "settings": ("settings:settings", "Print the table of all settings."),
}
_HIDDEN = {
    "web-process": "serve:web_process",
    "worker-process": "serve:worker_process",
}


def application() -> App:
    """The command line as cyclopts sees it."""
    app = App(
        name="playhead",
        help="The open, self-hosted video backend.",
        help_epilogue=_EPILOGUE,
        version=__version__,
    )
    for position, (name, (where, sentence)) in enumerate(_COMMANDS.items()):
        app.command(f"playhead.cli.{where}", name=name, help=sentence, sort_key=position)
    for name, where in _HIDDEN.items():
        app.command(f"playhead.cli.{where}", name=name, show=False)
    return app


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        code = application()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        say(f"{error} See `playhead --help`.")
        return MISUSED
    except MisuseError as error:
        say(str(error))
        return MISUSED
    except FailedError as error:
        say(str(error))
        return FAILED
    except (PlayheadError, RefusalError) as error:
        say(told(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. The interpreter flushes once more at its end: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code if isinstance(code, int) else OK


def run() -> None:
    """What the installed `playhead` calls."""
    sys.exit(main(sys.argv[1:]))

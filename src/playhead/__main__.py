"""`python -m playhead` is `playhead`."""

from playhead.cli.main import run

run()

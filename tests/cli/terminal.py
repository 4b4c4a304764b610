"""A terminal of its own for a command: no setting of ours reaches it but those given."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from playhead.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> list[Any]:
        """Each line of the output, read as JSON."""
        return [json.loads(line) for line in self.lines]


Terminal = Callable[..., Done]
"""Runs `playhead` with the arguments given, and with settings by their upper-case names."""


@pytest.fixture
def terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Terminal]:
    for name in os.environ:
        if name.startswith("PLAYHEAD_"):
            monkeypatch.delenv(name)
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    # No playhead.toml, and no data folder, but those a test makes.
    monkeypatch.chdir(tmp_path_factory.mktemp("terminal"))

    def run(*arguments: object, **settings: object) -> Done:
        for name, value in settings.items():
            monkeypatch.setenv(f"PLAYHEAD_{name}", str(value))
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    yield run
    # A command may have set up the logs of what it took for its own process.
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()

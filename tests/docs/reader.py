"""Somebody who follows the documentation: in a folder with a video, with a key, a shell, Python and Node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.contracts.app import NPM
from tests.docs.blocks import ROOT, Block
from tests.live import Live

SHOWN_URL = "http://127.0.0.1:8000"
"""Where the documentation's server is."""
BLOCK_WITHIN = 90.0
UNTIL_WITHIN = 90.0
_FAILED = "fail"
"""What a status never leaves again."""
_PLAYHEAD = f'#!/bin/sh\nexec "{sys.executable}" -m playhead "$@"\n'


class Reader:
    """Runs blocks one after the other; what they keep is there for the next."""

    def __init__(self, live: Live, folder: Path, video: Path, key: str) -> None:
        self._live = live
        self._folder = folder
        (folder / "video.mp4").write_bytes(video.read_bytes())
        (folder / "node_modules").symlink_to(NPM / "node_modules")
        command = folder / "bin" / "playhead"
        command.parent.mkdir()
        command.write_text(_PLAYHEAD)
        command.chmod(0o755)
        self.variables = {
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "PLAYHEAD_API_KEY": key,
            "XDG_STATE_HOME": str(folder / "state"),
            # On the server's own machine, in its folder, as the pages say.
            "PLAYHEAD_DATA": str(live.data),
            "PLAYHEAD_PORT": live.url.rpartition(":")[2],
        }

    def run(self, block: Block) -> str:
        """Run a block to its end; what it printed.

        Raises: AssertionError when it fails, or does not come to what its note waits for.
        """
        path, _, wanted = block.notes.get("until", "").partition("=")
        deadline = time.monotonic() + UNTIL_WITHIN
        while True:
            printed = self._once(block)
            if not path or str(_at(json.loads(printed), path)) == wanted:
                break
            assert time.monotonic() < deadline, f"{block.place} never came to {wanted}: {printed}"
            assert str(_at(json.loads(printed), path)) != _FAILED, f"{block.place}: {printed}"
            time.sleep(0.2)
        for name, place in block.kept.items():
            self.variables[name] = str(_at(json.loads(printed), place))
        return printed

    def _once(self, block: Block) -> str:
        commands = {
            "bash": ["bash", "-euo", "pipefail", "-s"],
            "python": [sys.executable, "-"],
            "javascript": ["node", "--input-type=module", "-"],
        }
        done = subprocess.run(
            commands[block.language],
            input=self.here(block.text),
            cwd=self._folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=BLOCK_WITHIN,
            check=False,
        )
        assert done.returncode == 0, (
            f"{block.place} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def here(self, text: str) -> str:
        """A block's text with our server in it."""
        return text.replace(SHOWN_URL, self._live.url)


def _at(answer: Any, path: str) -> Any:
    for step in path.split("."):
        answer = answer[step]
    return answer

"""`python -m tests.media.probing FILES.json`: probe files one after the other in the sandbox, a line of JSON each.

In a process of its own, so that what the kernel says of its children is of probing alone.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playhead.media import webp
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.processing.examine import examine

HANG = 120.0
"""Seconds after which a probe is taken to hang: its own limits end it long before."""


async def main(asked: Path) -> None:
    # Landlock: through a namespace the kernel does not pass on how much memory was used.
    sandbox = Landlock(find_tools())
    for name, path in json.loads(asked.read_text()).items():
        since = time.monotonic()
        code = None
        try:
            await asyncio.wait_for(_probe(Path(path), sandbox), HANG)
        except PlayheadError as error:
            code = error.code
        except TimeoutError:
            code = "hang"
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        seconds = round(time.monotonic() - since, 3)
        print(json.dumps({"name": name, "code": code, "seconds": seconds, "peak": peak}), flush=True)


async def _probe(path: Path, sandbox: Sandbox) -> None:
    """As the first step of processing does it."""
    with TemporaryDirectory(dir="/tmp") as bench:
        await examine(await webp.readable(path, Path(bench), sandbox), sandbox, 12 * 3600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

"""Every reference trick against the lists alone and against the sandbox alone, watched by a canary.

That both together hold is `tests/journeys/test_hostile_media.py`'s; here each stands by itself. A few run often,
all of them in `make soak`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from playhead.media.ffmpeg.hardening import input_arguments
from playhead.media.ffmpeg.probe import claims_invocation, frames_invocation, look_invocation
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from tests.media.ffmpeg.boxes import MakeSandbox
from tests.media.samples import Cache
from tests.media.samples.canary import Canary
from tests.media.samples.references import reference_samples

CARELESS = ("-protocol_whitelist", "file,http,tcp,udp,rtp,crypto,data,subfile,concat,gopher")
"""Everything that ffmpeg's own defences would stop, allowed."""
OFTEN = 9
"""Every how many of the tricks run often."""


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with tempfile.TemporaryDirectory(prefix="playhead-canary-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Canary(Path(folder)) as bait:
            yield bait


async def _fooled(
    canary: Canary, folder: Path, sandbox: Sandbox, guards: tuple[str, ...], step: int
) -> list[str]:
    """The tricks that had the canary opened or called, whatever ffprobe made of them."""
    fooled = []
    for each in list(reference_samples(canary))[::step]:
        path = each.path(Cache(folder)).absolute()
        path.chmod(0o644)
        canary.opens(), canary.contacts()
        for asked in (claims_invocation, look_invocation, partial(frames_invocation, stream=0, packets=5)):
            with suppress(PlayheadError):  # what it says is tested elsewhere
                await run(asked(path, guards), sandbox=sandbox)
        if canary.opens() or canary.contacts():
            fooled.append(each.name)
    return fooled


@pytest.mark.parametrize("step", [OFTEN, pytest.param(1, marks=pytest.mark.soak)])
async def test_the_lists_alone_hold(step: int, canary: Canary, tmp_path: Path) -> None:
    tools = find_tools()
    assert await _fooled(canary, tmp_path, NoSandbox(tools), input_arguments(None), step) == []


@pytest.mark.parametrize("step", [OFTEN, pytest.param(1, marks=pytest.mark.soak)])
async def test_the_sandbox_alone_holds(step: int, canary: Canary, tmp_path: Path, box: MakeSandbox) -> None:
    assert await _fooled(canary, tmp_path, box(find_tools()), CARELESS, step) == []


async def test_with_neither_some_succeed(canary: Canary, tmp_path: Path) -> None:
    """Or the others would prove nothing."""
    assert await _fooled(canary, tmp_path, NoSandbox(find_tools()), CARELESS, 3) != []

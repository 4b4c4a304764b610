import os
import subprocess
import sys
from pathlib import Path

import pytest

from playhead.media.ffmpeg.sandbox.bubblewrap import Bubblewrap
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import Tools
from tests.media.ffmpeg.boxes import MakeSandbox, StandIn

_STAND_INS = Path(__file__).parent / "stand_ins"


def _namespaces_work() -> bool:
    tried = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    return subprocess.run(tried, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.fixture(params=[Bubblewrap, Landlock], ids=["bubblewrap", "landlock"])
def box(request: pytest.FixtureRequest) -> MakeSandbox:
    """Each sandbox that claims to hold."""
    if request.param is Bubblewrap and not _namespaces_work():
        pytest.skip(
            "this machine refuses namespaces, so bubblewrap cannot run: Landlock is what it would use"
        )
    make: MakeSandbox = request.param
    return make


@pytest.fixture(params=[NoSandbox, Bubblewrap, Landlock], ids=["none", "bubblewrap", "landlock"])
def start(request: pytest.FixtureRequest) -> MakeSandbox:
    """Each way to start a program: what the door promises, it promises with all of them."""
    if request.param is Bubblewrap and not _namespaces_work():
        pytest.skip(
            "this machine refuses namespaces, so bubblewrap cannot run: Landlock is what it would use"
        )
    make: MakeSandbox = request.param
    return make


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    """Put a script of `stand_ins/` in the place of both programs."""

    def place(name: str) -> Tools:
        python = os.path.realpath(sys.executable)
        script = tmp_path / "programs" / name
        script.parent.mkdir(exist_ok=True)
        # One argument is all a first line may have. -I: nothing of ours can be imported.
        script.write_text(f"#!{python} -ISB\n" + (_STAND_INS / f"{name}.py").read_text())
        script.chmod(0o755)
        return Tools(script, script, libraries=(Path(sys.base_prefix),))

    return place

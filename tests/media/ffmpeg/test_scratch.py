"""What a program leaves in its scratch folder is seen, and removed, also by a worker who may not do everything."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from playhead.media.ffmpeg.scratch import remove
from tests.media.ffmpeg.boxes import StandIn

# Root may look anywhere; a worker is seldom root, and then as little as its files' modes say.
_RIGHTS = "-dac_override,-dac_read_search"
_PLAIN = ["setpriv", f"--bounding-set={_RIGHTS}", f"--inh-caps={_RIGHTS}"] if os.geteuid() == 0 else []

_WORKER = """
    import asyncio, sys
    from pathlib import Path
    from playhead.media.ffmpeg.run import Invocation, Limits, run
    from playhead.media.ffmpeg.sandbox.none import NoSandbox
    from playhead.media.ffmpeg.scratch import remove
    from playhead.media.ffmpeg.tools import Tools
    from playhead.model.errors import PlayheadError

    script, scratch, way = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    limits = Limits(wall_seconds=20, scratch_bytes=24 * 1024 * 1024)
    try:
        invocation = Invocation("ffmpeg", (way,), scratch=scratch, limits=limits)
        asyncio.run(run(invocation, sandbox=NoSandbox(Tools(script, script))))
    except PlayheadError as failure:
        print(failure.detail)
    remove(scratch)
"""


@pytest.mark.parametrize("way", ["hidden_folder", "unlinked_files"])
def test_what_may_not_be_looked_at_is_too_much_and_goes(stand_in: StandIn, tmp_path: Path, way: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = [str(stand_in("misbehaving").ffmpeg), str(scratch), way]
    done = subprocess.run(
        [*_PLAIN, sys.executable, "-c", textwrap.dedent(_WORKER), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "more than 24 MiB of scratch space" in done.stdout, done.stderr
    assert not scratch.exists()


def test_what_a_link_names_is_left_alone(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "scratch", tmp_path / "elsewhere"
    (folder / "hidden").mkdir(parents=True)
    elsewhere.mkdir(mode=0o500)
    (folder / "hidden" / "link").symlink_to(elsewhere)
    (folder / "hidden").chmod(0o300)
    remove(folder)
    assert not folder.exists()
    assert elsewhere.stat().st_mode & 0o777 == 0o500

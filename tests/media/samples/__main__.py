"""`python -m tests.media.samples [FOLDER]`: print the table; with a folder, put the files there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.media.samples import HOSTILE, SAMPLES, Outcome
from tests.media.samples.sample import Ended, Failed


def told(outcome: Outcome) -> str:
    """One outcome in a few words."""
    if isinstance(outcome, Failed):
        return outcome.code
    if isinstance(outcome, Ended):
        return "ends by name"
    sound = "sound" if outcome.has_audio else "silent"
    return f"ready {outcome.width}x{outcome.height} {outcome.duration_seconds:.3g} s {sound}"


def main() -> None:
    """Print a line per sample, and copy the files when told where to."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for each in (*SAMPLES, *HOSTILE):
        # The reason, not the file's name: some of those must not be printed.
        print(f"{each.category:10} {each.name:28} {' | '.join(map(told, each.outcomes)):60} {each.why}")
        if folder is not None:
            made = each.path()
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, folder / f"{each.name}{made.suffix}")


if __name__ == "__main__":
    main()

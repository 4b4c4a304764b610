"""One server for all fault tests that leave it standing; each ends with everything in order again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, staged
from tests.invariants import leftovers, unswept
from tests.upload.companion import plane

__all__ = ["plane"]


@pytest.fixture(scope="package")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The server, started once; it must stop in order at the end, whatever was done to it."""
    with staged(tmp_path_factory.mktemp("stage")) as stage:
        yield stage
        assert unswept(stage.scene) == []
        assert stage.stop() == 0, stage.live.output()[-4000:]
        assert leftovers(stage.data) == []


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The shared server, with no rule in force before or after."""
    yield shared_stage
    shared_stage.tools.lift()

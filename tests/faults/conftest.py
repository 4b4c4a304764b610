"""What fault tests share: a server that each leaves in order again, and a proxy before the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from playhead.storage.bucket import Bucket
from tests.faults.s3_proxy import S3Proxy, proxied
from tests.faults.stage import Stage, staged
from tests.invariants import leftovers, unswept
from tests.s3 import SeaweedFS
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


@pytest.fixture
async def proxy(seaweedfs: SeaweedFS) -> AsyncIterator[S3Proxy]:
    """A store that misbehaves as it is told."""
    async with proxied(seaweedfs.endpoint) as found:
        yield found


@pytest.fixture
def behind(seaweedfs: SeaweedFS, proxy: S3Proxy) -> Bucket:
    """A bucket that is reached through the proxy."""
    return replace(seaweedfs.bucket(), endpoint=proxy.url)

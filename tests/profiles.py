"""The two profiles as an operator runs them: all in one command, or machines that share a database and a bucket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from playhead.storage.bucket import Bucket
from tests.live import Live, start, stop
from tests.postgres import Postgres
from tests.s3 import SeaweedFS, settings_of

PROFILES = ("embedded", "distributed")
SECRET = "the-same-secret-on-every-machine-of-the-suite"


@dataclass
class Machines:
    """A web machine and a worker machine, each a supervisor of its own, with data folders of their own."""

    web: Live
    worker: Live
    bucket: Bucket
    database: str
    settings: dict[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, int]:
        """What is in the bucket: key → size."""
        found: dict[str, int] = {}
        pages = self.bucket.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket.name, Prefix=f"{self.bucket.prefix}/"):
            for each in page.get("Contents", []):
                found[each["Key"].removeprefix(f"{self.bucket.prefix}/")] = each["Size"]
        return found

    def kept(self) -> set[str]:
        """What the ledger says is kept in the bucket."""
        with psycopg.connect(self.database) as connection:
            return {row[0] for row in connection.execute("SELECT key FROM objects WHERE state = 'kept'")}

    def settle(self, within: float = 60) -> None:
        """Wait until the bucket has what is kept, and nothing else."""
        deadline = time.monotonic() + within
        while (stored := set(self.stored())) != (kept := self.kept()) and time.monotonic() < deadline:
            time.sleep(0.3)
        assert stored == kept

    def unfinished(self) -> list[str]:
        """The multipart uploads that nobody has completed or aborted."""
        found = self.bucket.client.list_multipart_uploads(
            Bucket=self.bucket.name, Prefix=f"{self.bucket.prefix}/"
        )
        return [each.get("Key", "") for each in found.get("Uploads", [])]


@contextmanager
def distributed(folder: Path, postgres: Postgres, seaweedfs: SeaweedFS, **given: str) -> Iterator[Machines]:
    """Two machines for the time of the block, stopped in good order. They share no folder."""
    bucket = seaweedfs.bucket()
    database = postgres.database()
    settings = {"DATABASE_URL": database, "SECRET": SECRET, **settings_of(bucket), **given}
    web = start(folder / "web", port=None, arguments=("--only", "web"), **settings)
    worker = start(
        folder / "worker", port=None, arguments=("--only", "worker"), **{**settings, "PUBLIC_URL": web.url}
    )
    machines = Machines(web, worker, bucket, database, settings)
    try:
        yield machines
    finally:
        for each in (machines.worker, machines.web):
            status = stop(each)
            assert status == 0, f"playhead serve ended with {status}:\n{each.output()[-4000:]}"

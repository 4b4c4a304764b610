"""A real S3 for tests: one SeaweedFS for the session, on loopback alone, and a fresh bucket for whoever asks.

Its filer would show every object to anybody, and without its list of identities so would S3 itself: it is bound
to 127.0.0.1 and given one identity. All its ports are free ones, for several sessions on one machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from playhead.storage.bucket import Bucket
from tests.live import free_port

READY_WITHIN = 60.0
TRIES = 3
BUCKET = "playhead-videos"
ACCESS, SECRET = "playhead-test", "a-secret-key-of-the-suite"
_PORTS = ("master", "volume", "filer", "admin", "s3")
"""Each of these has a gRPC port too, by default its own plus 10,000."""


@dataclass
class SeaweedFS:
    """A running server."""

    endpoint: str
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def bucket(self) -> Bucket:
        """A place of its own in the one bucket, which any page may send to."""
        return Bucket(
            name=BUCKET,
            prefix=f"test-{next(self.numbers)}/videos",
            endpoint=self.endpoint,
            access_key=ACCESS,
            secret_key=SECRET,
        )


def settings_of(bucket: Bucket) -> dict[str, str]:
    """The settings that name a bucket, as `tests.live` takes them."""
    return {
        "STORAGE_URL": f"s3://{bucket.name}/{bucket.prefix}",
        "S3_ENDPOINT": bucket.endpoint or "",
        "S3_ACCESS_KEY": ACCESS,
        "S3_SECRET_KEY": SECRET,
    }


@contextmanager
def running() -> Iterator[SeaweedFS]:
    """The server, for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="playhead-s3-", dir="/tmp"))
    process = None
    try:
        for tries_left in reversed(range(TRIES)):
            server, process = _start(folder)
            try:
                _wait(server, process)
                break
            except AssertionError as error:
                # Another process may have taken a port between our finding it free and its use.
                if not tries_left or "address already in use" not in str(error):
                    raise
                _kill(process)
        yield server
    finally:
        if process is not None:
            _kill(process)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[SeaweedFS, subprocess.Popen[bytes]]:
    identity = {
        "name": "playhead",
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = {f"{name}.port{grpc}": free_port() for name in _PORTS for grpc in ("", ".grpc")}
    argv = [
        *(str(Path(sys.executable).with_name("weed")), "mini", f"-dir={folder}"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={folder / 's3.json'}"),
        *("-master.telemetry=false", "-admin.ui=false", "-webdav=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-{name}={port}" for name, port in ports.items()),
        # Their default names in the system's temporary folder would be shared by all servers of the machine.
        *(f"-{name}.localSocket={folder}/{name}.sock" for name in ("s3", "filer")),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    return SeaweedFS(f"http://127.0.0.1:{ports['s3.port']}", folder), process


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(server: SeaweedFS, process: subprocess.Popen[bytes]) -> None:
    """Until it keeps what is written to it."""
    deadline = time.monotonic() + READY_WITHIN
    probe = Bucket(BUCKET, endpoint=server.endpoint, access_key=ACCESS, secret_key=SECRET)
    while time.monotonic() < deadline:
        assert process.poll() is None, (server.folder / "log").read_text(errors="replace")[-4000:]
        try:
            if httpx.get(server.endpoint, timeout=2).status_code == 403:
                probe.client.create_bucket(Bucket=probe.name)
                probe.client.put_object(Bucket=probe.name, Key="probe", Body=b"x")
                probe.client.delete_object(Bucket=probe.name, Key="probe")
                _let_pages_in(probe)
                return
        except Exception:  # noqa: BLE001 -- whatever it says while it starts
            time.sleep(0.1)
    raise AssertionError((server.folder / "log").read_text(errors="replace")[-4000:])


def _let_pages_in(bucket: Bucket) -> None:
    # The same as the rule in docs/operate.md.
    rule = {
        "AllowedOrigins": ["*"],
        "AllowedMethods": ["GET", "PUT", "POST"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Location"],
    }
    bucket.client.put_bucket_cors(
        Bucket=bucket.name,
        CORSConfiguration={"CORSRules": [rule]},  # type: ignore[list-item]  # a dict of the right shape
    )


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[SeaweedFS]:
    """The session's server."""
    with running() as server:
        yield server

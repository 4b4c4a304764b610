"""What every test may ask for: a database, a running Playhead, a browser; and the rule that skips are failures."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.live import Live, serving
from tests.postgres import database_url, postgres
from tests.profiles import PROFILES, distributed
from tests.s3 import seaweedfs

__all__ = ["database_url", "postgres", "seaweedfs"]

# The same examples in every run, and none refused for the time they take: the machine may be busy.
settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--profile",
        choices=PROFILES,
        default=PROFILES[0],
        help="what `live_server` is: all in one command, or machines with PostgreSQL and S3 between them",
    )


@pytest.fixture(scope="session")
def live_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`playhead serve`, started once for the session as a user would: embedded database, one port.

    With `--profile distributed` it is the web machine of two that share PostgreSQL and S3.
    """
    folder = tmp_path_factory.mktemp("live")
    if request.config.getoption("--profile") == "distributed":
        parts = [request.getfixturevalue(name) for name in ("postgres", "seaweedfs")]
        with distributed(folder, *parts) as machines:
            yield machines.web
    else:
        with serving(folder) as live:
            yield live


@pytest.fixture(scope="session", autouse=True)
def _one_trust_store() -> Iterator[None]:
    """httpx reads the certificates of the whole world for each client and each single call: 35 ms of CPU.

    The suite makes thousands of them, nearly all over plain HTTP.
    """
    with pytest.MonkeyPatch.context() as patch:
        read_once = functools.cache(httpx.create_ssl_context)
        patch.setattr("httpx._transports.default.create_ssl_context", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Two files at a time are run by processes that ignore SIGINT, and what they start would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What our client remembers of uploads stays out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def _allowed() -> set[str]:
    lines = ALLOWED_SKIPS.read_text().splitlines()
    return {line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that are not on the list."""
    for nodeid in _unlisted(terminalreporter):
        terminalreporter.write_line(f"SKIPPED WITHOUT A LISTED REASON: {nodeid}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip that is not on the list fails the run: what did not run proves nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and _unlisted(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unlisted(reporter: pytest.TerminalReporter) -> list[str]:
    skipped = [report.nodeid for report in reporter.stats.get("skipped", [])]
    allowed = _allowed()
    return [nodeid for nodeid in skipped if nodeid.split("[")[0] not in allowed]

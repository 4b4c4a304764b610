"""The API reference and the server have the same routes."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.docs.blocks import ROOT
from tests.live import Live

REFERENCE = (ROOT / "docs" / "api.md").read_text()
_HEADING = re.compile(r"^### `([A-Z]+) (/\S+)`$", re.MULTILINE)
_PARAMETER = re.compile(r"\{[^}]+\}")


def _plain(method: str, path: str) -> tuple[str, str]:
    return method.upper(), _PARAMETER.sub("{}", path)


def test_every_route_is_in_the_reference_and_the_other_way_round(live_server: Live) -> None:
    document = httpx.get(f"{live_server.url}/v1/openapi.json", timeout=30).json()
    served = {_plain(method, path) for path, item in document["paths"].items() for method in item}
    described = {_plain(method, path) for method, path in _HEADING.findall(REFERENCE)}
    assert served - described == set()
    assert described - served == set()


@pytest.mark.parametrize("path", re.findall(r"^\| `(/[\w./]*)` \|", REFERENCE, re.MULTILINE))
def test_every_other_address_answers(path: str, live_server: Live) -> None:
    assert httpx.get(f"{live_server.url}{path}", timeout=30).status_code == 200

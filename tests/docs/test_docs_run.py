"""The documentation's examples, run in the order they stand, against a real server."""

from __future__ import annotations

import json

import pytest

from tests.docs.blocks import Block, blocks
from tests.docs.reader import Reader
from tests.docs.shape import differences

FOLLOWED = ["README.md", "docs/api.md", "docs/cli.md", "docs/operate.md", "docs/uploader.md"]


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_can_be_followed(page: str, reader: Reader) -> None:
    """Each block ends well, and answers as the `json` block right behind it shows."""
    found = blocks(page)
    assert any(block.is_run for block in found)
    for block, following in zip(found, [*found[1:], None], strict=True):
        if not block.is_run:
            continue
        printed = reader.run(block)
        if following is not None and following.language == "json":
            _compare(following, printed)
        else:
            assert not _is_problem(printed), f"{block.place} was refused: {printed}"


def _compare(shown: Block, printed: str) -> None:
    found = differences(json.loads(shown.text), json.loads(printed))
    assert found == [], f"{shown.place} shows something else than {printed}"


def _is_problem(printed: str) -> bool:
    try:
        answer = json.loads(printed)
    except ValueError:
        return False
    return isinstance(answer, dict) and "docs_url" in answer

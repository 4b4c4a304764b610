"""Every block of the documentation is run, checked or shown on purpose; none slips through."""

from __future__ import annotations

import configparser
import json
import tomllib

import pytest

from playhead.settings import Settings
from tests.docs.blocks import CHECKED, PAGES, RUN, SHOWN, Block, blocks

EVERY = [block for page in PAGES for block in blocks(page)]


def _of(language: str) -> list[Block]:
    return [block for block in EVERY if block.language == language]


def test_every_block_is_in_a_language_that_is_looked_at() -> None:
    assert [block.place for block in EVERY if block.language not in RUN | CHECKED | SHOWN] == []


def test_what_is_not_run_says_why() -> None:
    reasons = {block.place: block.notes["not run"] for block in EVERY if "not run" in block.notes}
    assert {place: reason for place, reason in reasons.items() if len(reason.split()) < 4} == {}
    assert len(reasons) <= 6, "most of what can be run is run"


def test_only_pages_that_are_followed_have_blocks_to_run() -> None:
    from tests.docs.test_docs_run import FOLLOWED

    assert {block.page for block in EVERY if block.is_run} == set(FOLLOWED)


@pytest.mark.parametrize("block", _of("json"), ids=lambda block: block.place)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", _of("toml"), ids=lambda block: block.place)
def test_toml_names_settings(block: Block) -> None:
    values = tomllib.loads(block.text)
    assert set(values) <= set(Settings.model_fields)
    assert Settings(**values)


@pytest.mark.parametrize("block", _of("ini"), ids=lambda block: block.place)
def test_a_unit_for_systemd_can_be_read(block: Block) -> None:
    parsed = configparser.ConfigParser(strict=False)
    parsed.read_string(block.text)
    assert parsed["Service"]["ExecStart"].endswith("/playhead serve")

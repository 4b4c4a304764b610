"""Whatever shape a source has: streamed as it is, every frame and every packet is that of the file, at its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.exact import RECIPES, SPREAD, Recipe, Tally, hold


@pytest.mark.parametrize("recipe", SPREAD, ids=str)
def test_a_source_is_streamed_as_it_is(recipe: Recipe, tmp_path: Path) -> None:
    hold(recipe, tmp_path, Tally())


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_hundreds_of_sources_are_streamed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, wrong = Tally(), []
    for recipe in RECIPES:
        try:
            hold(recipe, tmp_path, tally)
        except AssertionError as error:
            wrong.append(f"{recipe}: {str(error)[:300]}")
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.sources == len(RECIPES) >= 200
    assert tally.fit > 100
    assert wrong == []

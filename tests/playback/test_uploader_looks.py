"""`<playhead-uploader>` looks as the page wants it: by the properties and parts that its documentation lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.playback.uploader import Site, Window, payload

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")

_DRESSED = """([parts, surface]) => {
  const rules = parts.map((part) => `playhead-uploader::part(${part}) { text-indent: 7px }`);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync([...rules, `playhead-uploader { --playhead-surface: ${surface} }`].join("\\n"));
  document.adoptedStyleSheets = [sheet];
  const root = document.querySelector("playhead-uploader").shadowRoot;
  const dressed = [...root.querySelectorAll("[part]")].map((element) => [
    element.getAttribute("part"), getComputedStyle(element).textIndent]);
  return [dressed, getComputedStyle(root.querySelector("[part=row]")).backgroundColor];
}"""


async def test_every_part_and_colour_can_be_the_pages_own(tab: Page, customer: Site, clip: bytes) -> None:
    (listed,) = re.findall(
        r"For more there are parts: ([^.]*)\.",
        (Path(__file__).parents[2] / "docs" / "uploader.md").read_text(),
    )
    parts = re.findall(r"`([a-z]+)`", listed)
    window = await Window.open(tab, customer.page(max_bytes=10, endpoint="/nowhere"))
    await window.choose(payload("looks.mp4", clip))
    await expect(window.row("looks.mp4")).to_be_visible()
    dressed, surface = await tab.evaluate(_DRESSED, [parts, "rgb(1, 2, 3)"])
    assert {part for part, _ in dressed} == set(parts)
    assert {indent for _, indent in dressed} == {"7px"}
    assert surface == "rgb(1, 2, 3)"

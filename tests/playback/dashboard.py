"""A window on the dashboard, as a person and a strict browser see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
)

from tests.live import Live

PATIENCE = 60_000
"""Milliseconds: a loaded machine may take its time to process a clip."""

# Keeps what comes and goes too fast to be met: what the policy refused, what each card's chip said in
# turn, every progress bar there was, and what was announced to those who do not see.
_WATCH = """
window.refused = [];
window.said = {};
window.bars = [];
window.announced = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.blockedURI));
new MutationObserver(() => {
  for (const card of document.querySelectorAll(".card")) {
    const said = (window.said[card.querySelector(".title").textContent] ??= []);
    const chip = card.querySelector(".chip").textContent;
    if (chip !== said.at(-1)) said.push(chip);
  }
  window.announced.push(document.getElementById("live")?.textContent);
  for (const bar of document.querySelectorAll("[role=progressbar]")) {
    const label = bar.getAttribute("aria-label");
    if (!window.bars.includes(label)) window.bars.push(label);
  }
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""

_WATCH_SHIFTS = """() => {
  window.shifts = [];
  const spell = ({ left, top, width, height }) => [left, top, width, height].join(" ");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      for (const { node, previousRect, currentRect } of entry.sources) {
        const name = node?.outerHTML?.slice(0, 80) ?? node?.textContent;
        window.shifts.push(`${entry.value}: ${name} from ${spell(previousRect)} to ${spell(currentRect)}`);
      }
    }
  }).observe({ type: "layout-shift" });
}"""

# Two frames, as the observer is told of a shift only after it is painted.
_SHIFTS = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  setTimeout(() => done(window.shifts), 0))))"""


@dataclass
class Dashboard:
    """The page at `/`, with a list of everything it did that it should not have."""

    page: Page
    live: Live
    improper: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        browser: Browser,
        live: Live,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        key: str | None = None,
    ) -> AsyncIterator[Dashboard]:
        """Follow the start-up link in a window of its own, closed after the block."""
        viewport: ViewportSize = {"width": width, "height": 900}
        async with await browser.new_context(viewport=viewport, color_scheme=scheme) as context:
            await context.grant_permissions(["clipboard-read", "clipboard-write"])
            await context.add_init_script(_WATCH)
            opened = cls(await context.new_page(), live)
            opened.page.on("request", opened._judge_request)
            opened.page.on("console", opened._judge_console)
            opened.page.on("pageerror", lambda error: opened.improper.append(str(error)))
            await opened.page.goto(f"{live.url}/#key={key or live.key}")
            yield opened

    def _judge_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme.startswith("http") and address.netloc != urlsplit(self.live.url).netloc:
            self.improper.append(f"asked another host: {request.url}")

    def _judge_console(self, message: ConsoleMessage) -> None:
        # Chromium writes every 4xx there; those are judged by what the page makes of them.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.improper.append(message.text)

    async def assert_proper(self) -> None:
        """Nothing was asked of other hosts, refused by the policy, complained of or left uncaught."""
        assert await self.page.evaluate("window.refused") == []
        assert self.improper == []

    async def only(self, *resolutions: str) -> None:
        """Check these resolutions and no others."""
        for box in await self.page.get_by_role("group", name="Resolutions").get_by_role("checkbox").all():
            await box.set_checked(await box.get_attribute("value") in resolutions)

    async def choose(self, *files: FilePayload) -> None:
        """Choose files, as the file dialog does."""
        await self.page.get_by_label("choose a file").set_input_files(list(files))

    def card(self, name: str) -> Locator:
        """The card of the video of that name."""
        return self.page.locator(".card").filter(has=self.page.get_by_role("button", name=name, exact=True))

    def opener(self, name: str) -> Locator:
        """What opens and closes that card."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def wait_for(self, name: str, chip: str) -> None:
        """Wait until the card's chip says this."""
        await expect(self.card(name).locator(".chip")).to_have_text(chip, timeout=PATIENCE)

    async def said(self, name: str) -> list[str]:
        """What the card's chip has said, in order."""
        words: list[str] = await self.page.evaluate("(name) => window.said[name]", name)
        return words

    async def announced(self, sentence: str) -> None:
        """Wait until this was announced; others' videos may be the newest news."""
        await self.page.wait_for_function(
            "(sentence) => window.announced.includes(sentence)", arg=sentence, timeout=PATIENCE
        )

    async def watch_shifts(self) -> None:
        """From now on, note what moves without anyone's doing."""
        await self.page.evaluate(_WATCH_SHIFTS)

    async def shifts(self) -> list[str]:
        """What has moved since, one line each."""
        moved: list[str] = await self.page.evaluate(_SHIFTS)
        return moved

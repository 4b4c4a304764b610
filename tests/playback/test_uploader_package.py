"""The npm package: packed, installed from its tarball, type-checked, bundled, and mounted by React in Chromium."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.docs.blocks import blocks
from tests.live import Live
from tests.playback.uploader import PATIENCE, Site, Window, granted, listed, site, stored

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEB = Path(__file__).parents[2] / "web"
NPM = Path(__file__).parent / "npm"


def run(folder: Path, *command: str) -> str:
    """What a command says.

    Raises:
        AssertionError: it fails, with what it said.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory, axe_source: str) -> Path:
    """What `npm publish` would send. axe is asked for as its being there says that web/ is set up for checks."""
    assert axe_source
    folder = tmp_path_factory.mktemp("pack")
    run(WEB, "npm", "run", "--silent", "pack")
    name = run(
        WEB / "dist" / "uploader", "npm", "pack", "--silent", "--pack-destination", str(folder)
    ).strip()
    return folder / name


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, tarball: Path) -> Path:
    """A customer's project with the package installed."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(NPM, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    run(folder, "npm", "ci", "--silent")
    run(folder, "npm", "install", "--silent", "--no-save", str(tarball))
    return folder


@pytest.fixture(scope="module")
def react_site(project: Path, live_server: Live) -> Iterator[Site]:
    """The customer's React page, bundled by esbuild."""
    bundle = project / "bundle.js"
    run(
        project,
        "npx",
        "--no-install",
        "esbuild",
        "page.tsx",
        "--bundle",
        "--format=esm",
        f"--outfile={bundle}",
    )
    with site(live_server.url, bundle) as opened:
        yield opened


async def test_the_types_hold_under_the_strictest_settings(project: Path) -> None:
    """Those of the documentation's component as well."""
    (component,) = [block for block in blocks("docs/uploader.md") if block.language == "tsx"]
    (project / "documented.tsx").write_text(component.text)
    run(project, "npx", "--no-install", "tsc")


async def test_it_can_be_imported_where_pages_are_rendered_on_a_server(project: Path) -> None:
    script = """
      import { createElement } from "react";
      import { renderToString } from "react-dom/server";
      import { PlayheadUploader } from "@playhead/uploader/react";
      console.log(renderToString(createElement(PlayheadUploader, { endpoint: "/tus", multiple: true })));
    """
    markup = run(project, "node", "--input-type=module", "--eval", script).strip()
    assert markup == '<playhead-uploader endpoint="/tus" multiple=""></playhead-uploader>'


async def test_the_tarball_holds_what_its_manifest_names_and_nothing_private(tarball: Path) -> None:
    names = run(tarball.parent, "tar", "-tzf", tarball.name).split()
    assert {"package/index.js", "package/react.js", "package/LICENSE", "package/README.md"} <= set(names)
    assert {"package/types/uploader/index.d.ts", "package/types/uploader/react.d.ts"} <= set(names)
    assert not [name for name in names if name.endswith(("tus.d.ts", "keep.d.ts", ".ts.map"))]


async def test_react_mounts_it_and_hears_of_what_happens(
    browser: Browser, react_site: Site, live_server: Live, clip: bytes
) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        window = await Window.open(page, react_site.page(endpoint=granted(live_server)["endpoint"]))
        await expect(page.locator("playhead-uploader.mine")).to_contain_text("Films, please")
        assert await window.element.get_attribute("disabled") is None
        first, second = "react-first.mp4", "react-second.mp4"
        await window.choose({"name": first, "mimeType": "video/mp4", "buffer": clip})
        await expect(window.row(first)).to_contain_text("up to 10 B can be sent here")
        await page.get_by_role("button", name="Lift the limit").click()
        await expect(window.element).not_to_have_attribute("max-bytes", "10")
        films: list[FilePayload] = [
            {"name": name, "mimeType": "video/mp4", "buffer": clip} for name in (first, second)
        ]
        await window.choose(*films)
        sent = page.get_by_role("list", name="Sent").get_by_role("listitem")
        for name in (first, second):
            await expect(sent.filter(has_text=name)).to_have_text(
                f"{name}: {len(clip)} bytes", timeout=PATIENCE
            )
            assert hashlib.sha256(stored(live_server, name)).digest() == hashlib.sha256(clip).digest()
            assert listed(live_server, name)[0]["metadata"]["shelf"] == "seven"
        await page.get_by_role("button", name="Close").click()
        await expect(window.element).to_have_count(0)
        assert wrong == []

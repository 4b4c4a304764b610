"""The built files: there or said to be missing, under their logical names, compressed once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from playhead.playback.assets import Assets, AssetsNotBuiltError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "player-AB12.js").write_text("let a = 1;" * 100)
    (tmp_path / "index.html").write_text("<!doctype html><title>Playhead</title>")
    (tmp_path / "manifest.json").write_text(json.dumps({"player.js": "assets/player-AB12.js"}))
    return tmp_path


def test_a_file_has_its_logical_name_and_its_hashed_path(folder: Path) -> None:
    assets = Assets.load(folder)
    assert assets.path("player.js") == "/assets/player-AB12.js"
    assert assets.named("player.js") is assets.at("assets/player-AB12.js")
    assert assets.named("player.js").content_type == "text/javascript"
    assert assets.page.content_type == "text/html"


def test_only_what_the_manifest_names_is_served(folder: Path) -> None:
    (folder / "assets" / "left-over.js").write_text("1")
    assets = Assets.load(folder)
    assert assets.at("assets/left-over.js") is None
    assert assets.at("manifest.json") is None
    assert assets.at("../assets/player-AB12.js") is None


def test_the_compressed_bytes_are_the_same_each_time(folder: Path) -> None:
    first, second = (Assets.load(folder).named("player.js") for _ in range(2))
    assert first.gzipped == second.gzipped
    assert gzip.decompress(first.gzipped) == first.plain
    assert len(first.gzipped) < len(first.plain)


def test_missing_assets_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetsNotBuiltError, match="pip install"):
        Assets.load(tmp_path)


def test_the_package_carries_what_its_pages_name() -> None:
    assets = Assets.load()
    page = assets.page.plain.decode()
    for name in ("dashboard.js", "dashboard.css", "icon.svg"):
        assert f'"{assets.path(name)}"' in page
    for name in ("player.js", "uploader.js", "embed.css"):
        assert assets.named(name).plain
    assert "{{" not in page
    # The player finds its engine from wherever it is served, so by its site path.
    for name in ("dashboard.js", "player.js"):
        assert f'"{assets.path("engine.js")}"'.encode() in assets.named(name).plain
    for package in ("hls.js", "eventemitter3", "url-toolkit", "@svta/cml-id3", "tus-js-client", "js-base64"):
        assert f"{package}\n\n" in assets.named("licenses.txt").plain.decode()


def test_the_scripts_keep_to_their_budgets() -> None:
    """Bytes sent: the first page's of a phone on a slow line, and the engine's that comes when it is needed."""
    assets = Assets.load()
    for name, most in (
        ("dashboard.js", 20_000),
        ("player.js", 5_000),
        ("engine.js", 140_000),
        ("uploader.js", 35_000),
    ):
        assert len(assets.named(name).gzipped) < most

"""One door to the environment, and nothing in any file that belongs to one machine or one company's network."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from tests.repo.tree import ROOT, files, modules, nodes, text

_READS = {"environ", "environb", "getenv", "getenvb"}
_MAY_READ = {
    "playhead.settings": "the table of settings",
    "playhead.media.ffmpeg.sandbox.launcher": "hands on to ffmpeg the two variables the door gave it",
}

# Spelled in parts, so that this file does not hold what it looks for.
_HOMES = re.compile(
    r"(?<![\w.~-])/(?:" + "|".join(("root", "work", "home/" + r"\w+", "Users/" + r"\w+")) + r")/"
)
_URL = re.compile(r"(?:https?|git|ssh)://(?:[^/\s\"'`<>@]*@)?([A-Za-z0-9][A-Za-z0-9.-]*)")
_PUBLIC = re.compile(
    r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|::1)$"
    r"|(?:.*\.)?(?:example|invalid|test|localhost)$|(?:.*\.)?example\.(?:com|org|net)$"
    r"|(?:app|host)$"  # what stands for one in a sentence
    r"|github\.com$|(?:www\.)?(?:rfc-editor|w3|apache|ietf|iso|debian|standardwebhooks|keepachangelog|semver)\.\w+$"
)
_SPOKEN_OF = ("tests/", "src/playhead/media/sniff.py")
"""Where an address is the matter itself: attacks that must be refused, namespaces in made-up files."""
_BINARY = {".ico", ".jpg", ".mp4", ".png", ".webp", ".woff2"}


def _texts() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): text(path)
        for path in files()
        if path.suffix not in _BINARY and path != Path(__file__)
    }


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        name
        for name, path in modules().items()
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr in _READS)
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and _READS & {one.name for one in node.names}
        )
    }
    assert readers - set(_MAY_READ) == set()
    assert "playhead.settings" in readers


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = {
        name: sorted({match[0] for match in _HOMES.finditer(content)})
        for name, content in _texts().items()
        if _HOMES.search(content)
    }
    assert found == {}


def test_what_is_looked_for_is_found() -> None:
    for folder in ("root", "work", "home/somebody", "Users/somebody"):
        assert _HOMES.search(f"see /{folder}/project")
    for place in ("a relative network", "https://host.example"):
        assert _HOMES.search("/".join((place, "work", "x"))) is None
    for host in ("registry.inner.corp", "10.1.2.3", "packages.company.dev"):
        assert _URL.findall(f"from https://user:word@{host}:8443/simple") == [host]
        assert not _PUBLIC.match(host)
    for host in ("127.0.0.1", "video.example.com", "github.com", "app.example"):
        assert _PUBLIC.match(host)


def test_no_file_names_a_host_that_is_not_everybodys() -> None:
    """A package registry, a mirror or a build machine in a file would break, or tell on, whoever is elsewhere."""
    found = {
        (name, host)
        for name, content in _texts().items()
        if not name.startswith(_SPOKEN_OF)
        for host in _URL.findall(content)
        if not _PUBLIC.match(host.lower().rstrip("."))
    }
    assert found == set()


def test_lock_files_name_packages_by_their_hashes_alone() -> None:
    locks = [path for path in files() if path.name == "package-lock.json"]
    assert len(locks) >= 1
    for path in locks:
        packages = json.loads(text(path))["packages"]
        assert [name for name, entry in packages.items() if "resolved" in entry] == []
        assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []

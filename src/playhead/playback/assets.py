"""The built web assets, read once from the package and kept in memory ready to send.

`web/build.mjs` makes them; the package build (`hatch_build.py`) puts them beside this module.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# Sent as UTF-8: the framework says so for every text type.
_CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


class AssetsNotBuiltError(RuntimeError):
    """The package was put in place without its web assets."""

    def __init__(self) -> None:
        super().__init__("The web assets are not built. `pip install .` (or `pip install -e .`) builds them.")


@dataclass(frozen=True)
class Body:
    """Bytes to send, with what HTTP says about them."""

    content_type: str
    plain: bytes
    gzipped: bytes
    digest: str
    """Of the plain bytes; the stuff of ETags."""

    @classmethod
    def of(cls, content_type: str, plain: bytes) -> Body:
        """`plain` as it is and compressed."""
        # mtime 0: the same bytes must give the same compressed bytes, as they share an ETag for ever.
        gzipped = gzip.compress(plain, 9, mtime=0)
        return cls(content_type, plain, gzipped, hashlib.sha256(plain).hexdigest()[:20])


class Assets:
    """What the build made: the dashboard's page, and hashed files under their logical names."""

    def __init__(self, page: Body, files: dict[str, Body], paths: dict[str, str]) -> None:
        self.page = page
        """The dashboard."""
        self._files = files
        self._paths = paths

    @classmethod
    def load(cls, folder: Path = STATIC) -> Assets:
        """Reads every built file; `AssetsNotBuiltError` where there is none."""
        manifest = folder / "manifest.json"
        if not manifest.is_file():
            raise AssetsNotBuiltError
        paths: dict[str, str] = json.loads(manifest.read_text())
        files = {path: _read(folder / path) for path in paths.values()}
        return cls(_read(folder / "index.html"), files, paths)

    def path(self, name: str) -> str:
        """The site path of a logical name: `player.js` → `/assets/player-ABCDEFGH.js`."""
        return f"/{self._paths[name]}"

    def named(self, name: str) -> Body:
        """The file of a logical name, such as `player.js`."""
        return self._files[self._paths[name]]

    def at(self, path: str) -> Body | None:
        """The file at a path below the site's root without its slash; None where there is none."""
        return self._files.get(path)


def _read(path: Path) -> Body:
    return Body.of(_CONTENT_TYPES[path.suffix], path.read_bytes())

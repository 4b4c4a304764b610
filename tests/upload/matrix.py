"""The published upload clients that are held against a running server, as a table; to add one, add a row.

`docs/reference/upload-clients.md` is written from it: `python -m tests.upload.matrix` prints the page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

NPM = Path(__file__).parent / "npm"
UPPY = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "upload-clients.md"
CHUNK = 1024 * 1024

Place = Literal["Chromium", "Node", "command line"]
Address = Literal["upload", "key", "grant"]


@dataclass(frozen=True)
class Row:
    """One client in one way of using it."""

    client: str
    how: str
    place: Place
    speaks: str
    address: Address
    """Where it sends to: an upload's own URL, `/tus` with a key, or what lies below a grant."""
    call: str
    """The function that drives it, in `npm/`; or the program."""
    options: dict[str, Any] = field(default_factory=dict)
    """The client's own. `{url}` stands for the address."""
    package: str | None = None
    folder: str = "."
    """Below `npm/`, where its package is installed."""

    @property
    def name(self) -> str:
        """What a test of it is called."""
        return f"{self.client}, {self.how}, {self.place}"


def _tus(how: str, place: Place, options: dict[str, Any], *, given: bool = False) -> Row:
    target = {"uploadUrl": "{url}"} if given else {"endpoint": "{url}"}
    address: Address = "upload" if given else "key" if place == "Node" else "grant"
    speaks = "tus at an upload's URL" if given else f"tus, {'`/tus`' if address == 'key' else 'grant'}"
    return Row("tus-js-client", how, place, speaks, address, "tusJs", {**target, **options}, "tus-js-client")


def _tus_rows(place: Place) -> list[Row]:
    return [
        _tus("one request", place, {}),
        _tus("chunks", place, {"chunkSize": CHUNK}),
        _tus("three parallel parts", place, {"parallelUploads": 3}),
        _tus("data with the creation", place, {"uploadDataDuringCreation": True, "chunkSize": CHUNK}),
        _tus("length said late", place, {"uploadLengthDeferred": True, "chunkSize": CHUNK}),
        _tus("POST instead of PATCH", place, {"overridePatchMethod": True}),
        _tus("`uploadUrl` given", place, {"chunkSize": CHUNK}, given=True),
    ]


_UPPY = {"endpoint": "{url}", "chunkSize": CHUNK, "retryDelays": []}
_MUX = {"endpoint": "{url}", "chunkSize": 1024}

ROWS: tuple[Row, ...] = (
    *_tus_rows("Chromium"),
    *_tus_rows("Node"),
    Row("Uppy 6, Tus", "chunks", "Chromium", "tus, grant", "grant", "uppyTus", _UPPY, "@uppy/tus"),
    Row("Uppy 5, Tus", "chunks", "Chromium", "tus, grant", "grant", "uppyTus", _UPPY, "@uppy/tus", "uppy5"),
    Row("UpChunk", "chunks", "Chromium", "`Content-Range` PUT", "upload", "upchunk", _MUX, "@mux/upchunk"),
    Row(
        *("mux-uploader", "chunks", "Chromium", "`Content-Range` PUT", "upload", "muxUploader"),
        _MUX,
        "@mux/mux-uploader",
    ),
    Row("XMLHttpRequest", "with progress", "Chromium", "PUT", "upload", "xhrPut", {"url": "{url}"}),
    Row("fetch", "whole", "Chromium", "PUT", "upload", "fetchPut", {"url": "{url}"}),
    Row("fetch", "whole", "Node", "PUT", "upload", "fetchPut", {"url": "{url}"}),
    Row("fetch", "parts", "Chromium", "`Content-Range` PUT", "upload", "fetchRanges", {"url": "{url}"}),
    Row("fetch", "parts", "Node", "`Content-Range` PUT", "upload", "fetchRanges", {"url": "{url}"}),
    Row("fetch", "form", "Chromium", "`multipart/form-data`", "upload", "fetchForm", {"url": "{url}"}),
    Row("fetch", "form", "Node", "`multipart/form-data`", "upload", "fetchForm", {"url": "{url}"}),
    Row("curl", "`-T`", "command line", "PUT", "upload", "curl", {"arguments": ["-T", "{file}"]}),
    Row(
        *("curl", "`-F`", "command line", "`multipart/form-data`", "upload", "curl"),
        {"arguments": ["-F", "file=@{file}"]},
    ),
)


@dataclass(frozen=True)
class Straight:
    """One client that follows signed URLs, driven by `test_straight.py`."""

    client: str
    how: Literal["multipart", "form"]
    place: str


STRAIGHT: tuple[Straight, ...] = (
    Straight("curl", "multipart", "command line"),
    Straight("curl", "form", "command line"),
    Straight("boto3's transport (botocore)", "multipart", "Python"),
)

_HEAD = """\
# Upload clients

Each row is a test: the client as published, unmodified, sends a file of a few megabytes to a running server, and the
source that is stored is compared by SHA-256. In Chromium the page comes from another origin than the server. This
page is written from the table in `tests/upload/matrix.py`; a test compares it with what ran.

| client | version | how | runs in | speaks |
| --- | --- | --- | --- | --- |
"""
_STRAIGHT = """
## Straight to the store

These speak the tree below a grant's `companion_url` or an upload's URL. Each runs with the disk and with S3 behind
the server, in `tests/upload/test_uppy.py` and `tests/upload/test_straight.py`; with S3 every byte goes to the bucket
and none through Playhead.

| client | version | how | runs in | speaks |
| --- | --- | --- | --- | --- |
"""
_TAIL = """
The clients of the Hyperserve API (`@hyperserve/hyperserve-js`, `@hyperserve/video-uploader`) are held against the
server by the tests in `tests/contracts`, and our own by those in `tests/client`.

## Which address

- **An upload's URL**, from `POST /v1/uploads`: for one file. It speaks `PUT`, `Content-Range`, tus and forms. Ask for
  `auto_complete` where nobody calls `/complete`; give `size` where tus-js-client gets it as `uploadUrl`.
- **A grant's `tus_url`**, from `POST /v1/upload-grants`: for a page that creates its uploads itself, without a key.
- **`/tus`** with an API key: for programs.

## What to know

- tus-js-client's stored resume is bound to its endpoint. A grant's URL is a new one each time, so give the URL of an
  upload as `uploadUrl`, or keep the grant with the page's state.
- Uppy's parts go on below the `companion_url` that they were begun at, for a week, also when that grant is over.
  Another grant does not open them: keep that URL too where a page restores uploads of days before, as
  `<playhead-uploader>` does.
- UpChunk and mux-uploader stop at a lost connection; what has arrived stays, and a new start passes over it.
- No client but our own asks for a checksum by itself. tus has `Upload-Checksum` for each chunk, with sha1, sha256,
  md5 or crc32; a part's URL can be asked for with its `md5`; and every way of creating an upload takes the SHA-256 or
  the CRC64NVME of the whole file as `checksum`.
"""


def written(rows: Sequence[Row]) -> str:
    """The page about these rows."""
    lines = [
        f"| {row.client} | {_version(row.package, NPM / row.folder)} | {row.how} | {row.place} | {row.speaks} |\n"
        for row in rows
    ]
    straight = [
        f"| Uppy {major}, AwsS3 | {_version(package, UPPY / f'uppy{major}')} | {how} | Chromium | S3 {how} |\n"
        for major, package in ((6, "@uppy/aws-s3"), (5, "@uppy/aws-s3"))
        for how in ("multipart", "form")
    ]
    straight += [f"| {row.client} | any | {row.how} | {row.place} | S3 {row.how} |\n" for row in STRAIGHT]
    return _HEAD + "".join(lines) + _STRAIGHT + "".join(straight) + _TAIL


def _version(package: str | None, folder: Path) -> str:
    if package is None:
        return "any"
    lock = json.loads((folder / "package-lock.json").read_text())
    version: str = lock["packages"][f"node_modules/{package}"]["version"]
    return version


if __name__ == "__main__":
    print(written(ROWS), end="")

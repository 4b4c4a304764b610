"""`playhead doctor`: what this machine lacks, in sentences that say what to do."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playhead.app import database, embedded
from playhead.app.folder import DataFolder
from playhead.app.refusal import RefusalError, told
from playhead.media.ffmpeg import features
from playhead.media.ffmpeg.sandbox.choose import choose_sandbox
from playhead.media.ffmpeg.tools import Tools, find_tools
from playhead.model.errors import PlayheadError
from playhead.playback.assets import Assets, AssetsNotBuiltError
from playhead.records import migrate
from playhead.settings import GIB, Settings

ENCODERS = ("libx264", "aac", "mjpeg")
FILTERS = (
    "aformat", "apad", "aresample", "asetpts", "bwdif", "colorspace", "crop", "format", "fps", "loop", "loudnorm",
    "lut3d", "premultiply", "scale", "setpts", "setsar", "settb", "showwavespic", "split", "thumbnail", "trim",
)  # fmt: skip
DECODERS = ("h264", "hevc", "vp9", "av1", "libdav1d", "mpeg4", "prores")
"""Those of what people upload most; AV1 has two, of which one will do."""

ENOUGH_DISK, LOW_DISK = GIB, 10 * GIB
"""Bytes free below which nothing should be started, and below which it is worth a word."""

Verdict = Literal["ok", "note", "missing"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `missing` means that Playhead cannot work without it."""

    about: str
    verdict: Verdict
    sentence: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, in the order in which a video meets it."""
    tools: Tools | None = None
    try:
        tools = find_tools()
        for finding in judged_features(tools, await features.inspect(tools)):
            yield finding
    except PlayheadError as error:
        yield Finding("ffmpeg", "missing", told(error))
    if tools is not None:
        yield await _sandbox(settings, tools)
    yield await _database(settings)
    if (settings.storage_url or "").startswith("s3:"):
        yield await _bucket(settings)
    yield _disk(settings.data)
    yield _pages()


def judged_features(tools: Tools, found: features.Features) -> list[Finding]:
    """What ffmpeg's version and lists mean for us."""
    findings = [Finding("ffmpeg", "ok", f"ffmpeg {found.version} and ffprobe are in {tools.ffmpeg.parent}.")]
    lacking = found.missing(encoders=ENCODERS, filters=FILTERS)
    if lacking:
        sentence = (
            f"This ffmpeg was built without {', '.join(lacking)}: install a full build, or playhead[static]."
        )
        findings.append(Finding("encoders", "missing", sentence))
    else:
        findings.append(Finding("encoders", "ok", f"It has what we encode with: {', '.join(ENCODERS)}."))
    av1 = {"av1", "libdav1d"}
    unreadable = [name for name in DECODERS if name not in found.decoders and name not in av1]
    if not av1 & found.decoders:
        unreadable.append("av1")
    if unreadable:
        sentence = f"It cannot decode {', '.join(unreadable)}: videos in these codecs will be refused."
        findings.append(Finding("decoders", "note", sentence))
    return findings


async def _sandbox(settings: Settings, tools: Tools) -> Finding:
    if settings.unsafe_no_sandbox:
        sentence = "PLAYHEAD_UNSAFE_NO_SANDBOX is on: ffmpeg reads uploaded files with this user's rights."
        return Finding("sandbox", "note", sentence)
    try:
        sandbox = await choose_sandbox(tools)
    except PlayheadError as error:
        sentence = f"{told(error)} Install bubblewrap, or allow user namespaces or Landlock."
        return Finding("sandbox", "missing", sentence)
    return Finding("sandbox", "ok", f"ffmpeg is kept in a sandbox by {sandbox.name}.")


async def _database(settings: Settings) -> Finding:
    try:
        if settings.database_url is None and not (settings.data / "postgres").exists():
            return await _would_start()
        async with database.reachable(settings) as url:
            return _judged_schema(await migrate.current(url), migrate.head())
    except (PlayheadError, RefusalError) as error:
        return Finding("database", "missing", told(error))


async def _would_start() -> Finding:
    """Make a database in a folder of its own: that it works is known only by doing it."""
    with tempfile.TemporaryDirectory(prefix="playhead-doctor-") as scratch:
        folder = DataFolder(Path(scratch))
        folder.path.chmod(0o711)
        async with embedded.running(folder.path) as server:
            await migrate.upgrade(server.url)
    return Finding("database", "ok", "The embedded PostgreSQL works; the first start makes its files.")


def _judged_schema(version: str | None, needed: str) -> Finding:
    if version == needed:
        return Finding("database", "ok", f"The database answers, and its schema is up to date ({needed}).")
    return Finding(
        "database",
        "note",
        f"The database answers; its schema is at {version or 'nothing'} and will be brought to {needed} by "
        "`playhead serve` or `playhead migrate`.",
    )


async def _bucket(settings: Settings) -> Finding:
    from playhead.app import distributed  # its clients take a moment to load

    try:
        return Finding("storage", "ok", await distributed.check(settings))
    except RefusalError as error:
        return Finding("storage", "missing", told(error))


def _disk(data: Path) -> Finding:
    folder = data.absolute()
    while not folder.exists():
        folder = folder.parent
    return judged_disk(folder, shutil.disk_usage(folder).free)


def judged_disk(folder: Path, free: int) -> Finding:
    """What `free` bytes where the data folder lies, or is going to lie, mean."""
    sentence = f"{free / GIB:.1f} GiB are free in {folder}"
    if free < ENOUGH_DISK:
        return Finding("disk", "missing", f"Only {sentence}: make room, or set PLAYHEAD_DATA.")
    if free < LOW_DISK:
        return Finding("disk", "note", f"{sentence}; a video takes about twice its own size.")
    return Finding("disk", "ok", f"{sentence}.")


def _pages() -> Finding:
    try:
        Assets.load()
    except AssetsNotBuiltError as error:
        return Finding("pages", "missing", f"{error} Building takes Node; running does not.")
    return Finding("pages", "ok", "The player and the pages are built in; Node is not needed to run.")

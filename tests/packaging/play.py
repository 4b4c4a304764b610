"""Plays assemblies: makes their bytes, decodes them with ffmpeg, and tells every frame, packet and time."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from playhead.media.mp4 import Movie, read_movie
from playhead.packaging import Assembly
from tests.media.mp4.clips import FileBytes

DECODED = ["-fps_mode", "passthrough", "-enc_time_base", "-1"]
"""Every frame as it comes, at the file's own times and not rounded to a frame rate."""


def index(path: Path) -> Movie:
    return asyncio.run(read_movie(FileBytes(path)))


def rendered(assembly: Assembly, sources: Sequence[Path]) -> bytes:
    """The bytes of a virtual file."""
    held = [source.read_bytes() for source in sources]
    made = assembly.head + b"".join(held[s.source][s.offset : s.offset + s.length] for s in assembly.spans)
    assert len(made) == assembly.size
    return made


def hashes(
    path: Path, stream: str, *, copy: bool = False, options: Sequence[str] = ()
) -> list[tuple[Fraction, str]]:
    """(seconds, MD5) of every decoded frame, or packet when copied; a warning of ffmpeg is a failure."""
    command = ["ffmpeg", "-hide_banner", "-v", "warning", "-nostdin", "-copyts", *options, "-i", str(path)]
    command += ["-map", f"0:{stream}", *(["-c", "copy"] if copy else DECODED), "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    base, found = Fraction(1), []
    for line in done.stdout.splitlines():
        if line.startswith("#tb"):
            base = Fraction(line.split()[-1])
        elif not line.startswith("#"):
            fields = [field.strip() for field in line.split(",")]
            found.append((int(fields[2]) * base, fields[-1] if len(fields) == 6 else fields[5]))
    return found


def md5s(found: Sequence[tuple[Fraction, str]]) -> list[str]:
    return [value for _, value in found]

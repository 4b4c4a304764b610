"""Small real files for the tests of the index and of packaging, and boxes to bend them with."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

FFMPEG = ("ffmpeg", "-hide_banner", "-v", "error", "-y", "-nostdin")
PICTURE = "testsrc2=s=128x72"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p")
BFRAMES = ("-bf", "2", "-b_strategy", "0", "-g", "12", "-sc_threshold", "0")
AAC = ("-c:a", "aac", "-b:a", "48k")
VFR = "select='not(eq(mod(n,7),3))*not(eq(mod(n,5),1))',setpts=PTS"
"""A picture filter that drops frames unevenly."""


def ffmpeg(*arguments: str | Path) -> str:
    """Runs ffmpeg, returns what it wrote to standard output; a warning is a failure."""
    done = subprocess.run([*FFMPEG, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ffprobe(*arguments: str | Path) -> str:
    """Runs ffprobe, returns what it wrote."""
    command = ["ffprobe", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def picture(seconds: float, rate: str = "25") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"{PICTURE}:r={rate}:d={seconds}")


def sound(seconds: float, frequency: int = 440) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=f={frequency}:r=48000:d={seconds}")


def packets(path: Path, stream: str = "v:0", *options: str) -> list[dict[str, Any]]:
    """ffprobe's packets of one stream, in file order of decoding."""
    told = ffprobe(*options, "-select_streams", stream, "-show_packets", "-of", "json", path)
    return list(json.loads(told)["packets"])


class FileBytes:
    """A file of the disk as `Bytes`, counting what is read."""

    def __init__(self, content: bytes | Path) -> None:
        self.content = content if isinstance(content, bytes) else content.read_bytes()
        self.size = len(self.content)
        self.reads = 0
        self.bytes_read = 0

    async def read(self, start: int, length: int) -> bytes:
        self.reads += 1
        part = self.content[start : start + length]
        self.bytes_read += len(part)
        return part


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def top(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes of a container's payload as (kind, body)."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def bend(data: bytes, path: str, change: Callable[[bytes], bytes | None], skip: int = 0) -> bytes:
    """The same boxes, with every payload at `path` (`moov/trak/edts`) changed, or dropped for None."""
    kind, _, rest = path.partition("/")
    parts = [data[:skip]]
    for name, body in top(data[skip:]):
        if name == kind.encode():
            changed = bend(body, rest, change) if rest else change(body)
            if changed is not None:
                parts.append(box(name, changed))
        else:
            parts.append(box(name, body))
    return b"".join(parts)

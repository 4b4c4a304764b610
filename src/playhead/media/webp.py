"""Animated WebP, which ffmpeg cannot decode: read as the APNG that it is turned into inside the sandbox."""

from __future__ import annotations

import asyncio
import importlib.util
import sysconfig
from pathlib import Path

from msgspec import structs

from playhead.media import unpack_webp
from playhead.media.ffmpeg.invocation import GIB, Invocation, Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.source import sniffed
from playhead.model.errors import PlayheadError
from playhead.model.media import MediaInfo

CONTAINER = "webp"
UNPACKED = "unpacked.png"
LIMITS = Limits(
    # It says nothing until it is done.
    wall_seconds=300,
    quiet_seconds=300,
    cpu_seconds=300,
    memory_bytes=2 * GIB,
    file_bytes=4 * GIB,
    scratch_bytes=4 * GIB,  # one file is all it makes
)


def unpack_invocation(source: Path, scratch: Path) -> Invocation:
    """Turn an animated WebP into `UNPACKED` in the scratch folder.

    Raises:
        PlayheadError: `tool_missing` where Pillow is not installed.
    """
    spec = importlib.util.find_spec("PIL")
    if spec is None or spec.origin is None:
        raise PlayheadError("tool_missing", "Pillow, which reads animated WebP, is not installed.")
    pillow = Path(spec.origin).resolve().parent
    script = Path(unpack_webp.__file__).resolve()
    arguments = (
        *("-I", "-S", "-B"),  # no environment, no site, no bytecode written
        str(script),
        *(str(pillow), str(source), str(scratch / UNPACKED)),
    )
    # Python's own library and modules, Pillow, and the libraries of Pillow's wheel where it comes as one.
    python = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib") / (
        sysconfig.get_config_var("LDLIBRARY") or ""
    )
    needed = {
        *(Path(sysconfig.get_path("stdlib")).resolve(), pillow, pillow.parent / "pillow.libs"),
        *([python] if python.suffix == ".so" else []),
    }
    reads = (source, script, *sorted(path for path in needed if path.exists()))
    return Invocation("python", arguments, reads=reads, scratch=scratch, limits=LIMITS)


async def readable(source: Path, scratch: Path, sandbox: Sandbox) -> Path:
    """What ffmpeg can read of a source: itself, but for an animated WebP, which is unpacked into the folder.

    Raises:
        PlayheadError: why a file is refused; as `run`.
    """
    if (await asyncio.to_thread(sniffed, source)).container != CONTAINER:
        return source
    await run(unpack_invocation(source, scratch), sandbox=sandbox)
    return scratch / UNPACKED


def as_webp(info: MediaInfo) -> MediaInfo:
    """What is known of the APNG, said of the WebP that it was made from."""
    film = info.video and structs.replace(info.video, codec=CONTAINER)
    return structs.replace(info, container=CONTAINER, video=film)

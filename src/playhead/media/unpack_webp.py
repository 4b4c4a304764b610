"""Run inside the sandbox, by itself: turns an animated WebP into an APNG, frame by frame.

ffmpeg's decoder reads WebP stills only; libwebp, which Pillow brings along, puts the frames of an animation together.
Nothing of the server is imported here. Arguments: Pillow's folder, the input, the output.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from typing import BinaryIO

LARGEST_SIDE = 8192
MOST_FRAMES = 20_000
SHORTEST_MS, INSTEAD_MS = 11, 100
"""Frames that claim to be shown for less than 11 ms are shown for 100, as browsers do."""
RAW_RGBA = 6
"""PNG's colour type (ISO/IEC 15948, 11.2.2)."""


def main(pillow: str, source: str, target: str) -> None:
    """Unpack one file; what goes wrong is said in the words that ffmpeg would use."""
    _install(pillow)
    from PIL import Image  # there only now

    Image.MAX_IMAGE_PIXELS = LARGEST_SIDE * LARGEST_SIDE
    try:
        with Image.open(source, formats=["WEBP"]) as image, open(target, "wb") as out:
            frames = getattr(image, "n_frames", 1)
            if max(image.size) > LARGEST_SIDE or frames > MOST_FRAMES:
                sys.exit("Picture size is invalid: exceeds specified max pixel count")
            write_apng(out, image.size, frames, _frames(image, frames))
    except MemoryError:
        sys.exit("Cannot allocate memory")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        sys.exit(f"Invalid data found when processing input: {type(error).__name__}")


def _install(pillow: str) -> None:
    """Have Pillow found where it is: what else is installed beside it cannot be seen in here."""
    spec = spec_from_file_location("PIL", f"{pillow}/__init__.py", submodule_search_locations=[pillow])
    if spec is None or spec.loader is None:
        sys.exit("error while loading shared libraries: Pillow")
    sys.modules["PIL"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["PIL"])


def _frames(image: object, count: int) -> Iterator[tuple[bytes, int]]:
    """The pixels of each frame, row by row from the top in RGBA, and how many milliseconds it is shown."""
    for number in range(count):
        image.seek(number)  # type: ignore[attr-defined]
        pixels = image.convert("RGBA").tobytes()  # type: ignore[attr-defined]
        lasts = int(image.info.get("duration") or 0)  # type: ignore[attr-defined]
        yield pixels, lasts if lasts >= SHORTEST_MS else INSTEAD_MS


def write_apng(out: BinaryIO, size: tuple[int, int], count: int, frames: Iterator[tuple[bytes, int]]) -> None:
    """Write an APNG (PNG third edition, chapter 11.3.5), every frame whole, at the least compression."""
    width, height = size
    out.write(b"\x89PNG\r\n\x1a\n")
    _chunk(out, b"IHDR", struct.pack(">2I5B", width, height, 8, RAW_RGBA, 0, 0, 0))
    _chunk(out, b"acTL", struct.pack(">2I", count, 0))
    sequence = 0
    for number, (pixels, milliseconds) in enumerate(frames):
        shown = struct.pack(">HH", min(milliseconds, 0xFFFF), 1000)
        control = struct.pack(">5I", sequence, width, height, 0, 0) + shown + bytes(2)
        _chunk(out, b"fcTL", control)
        sequence += 1
        packed = _packed(pixels, 4 * width)
        if number == 0:
            _chunk(out, b"IDAT", packed)
        else:
            _chunk(out, b"fdAT", struct.pack(">I", sequence) + packed)
            sequence += 1
    _chunk(out, b"IEND", b"")


def _packed(pixels: bytes, row: int) -> bytes:
    packer = zlib.compressobj(1)
    # Each row begins with its filter: none.
    parts = [packer.compress(b"\0" + pixels[at : at + row]) for at in range(0, len(pixels), row)]
    return b"".join([*parts, packer.flush()])


def _chunk(out: BinaryIO, kind: bytes, content: bytes) -> None:
    out.write(struct.pack(">I", len(content)) + kind + content)
    out.write(struct.pack(">I", zlib.crc32(kind + content)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Files bent along their structure: parts of them repeated, nested, left out, and numbers set to extremes.

A tree of parts is taken from a whole file, changed, and written again: so what a reader comes to is mostly well
formed, and lies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

from playhead.media.matroska.ebml import header

NUMBERS = (
    0,
    1,
    2,
    255,
    1 << 15,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)
FLOATS = (float("nan"), float("inf"), float("-inf"), 1e30, -1.0, 0.0, 5e-324)
REPEATED = (2, 40, 300)
MOST_PARTS = 3000
LONGEST = 400_000
"""How much is added at a time, and bytes that a file may have: repeated parts that are repeated again grow fast."""

_MASTERS = (
    *(0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x55B0, 0x1F43B675, 0xA0, 0x114D9B74),
    0x4DBB,
)


@dataclass
class Part:
    """An element or a chunk: its name, and bytes or other parts."""

    name: bytes
    body: bytes = b""
    parts: list[Part] = field(default_factory=list)
    claimed: int | None = None
    """The size that it says it has, if that is not its own."""

    def all(self) -> Iterator[Part]:
        """This one and all that it holds."""
        yield self
        for part in self.parts:
            yield from part.all()


def leaves(parts: list[Part]) -> list[Part]:
    """Those that hold no others."""
    return [part for part in Part(b"", b"", parts).all() if not part.parts]


def elements(data: bytes) -> list[Part]:
    """A Matroska file in parts; what is cut off is left out."""
    made, at = [], 0
    while at < len(data):
        name, size, body = header(data, at) or (0, None, 0)
        if not name:
            break
        end = len(data) if size is None else min(len(data), body + size)
        part = Part(name.to_bytes((name.bit_length() + 7) // 8, "big"), data[body:end])
        if name in _MASTERS:
            part = Part(part.name, b"", elements(data[body:end]))
        made.append(part)
        at = end
    return made


def of_elements(parts: list[Part]) -> bytes:
    """The file that is made of them."""
    made = bytearray()
    for part in parts:
        body = of_elements(part.parts) if part.parts else part.body
        size = len(body) if part.claimed is None else min(part.claimed, (1 << 56) - 1)
        if len(made) > LONGEST:
            break
        made += part.name + (size | 1 << 56).to_bytes(8, "big") + body
    return bytes(made)


def chunks(data: bytes) -> list[Part]:
    """An AVI file in parts."""
    made, at = [], 0
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        name, body = data[at : at + 4], data[at + 8 : at + 8 + size]
        if name in (b"RIFF", b"LIST"):
            made.append(Part(name, body[:4], chunks(body[4:])))
        else:
            made.append(Part(name, body))
        at += 8 + size + size % 2
    return made


def of_chunks(parts: list[Part]) -> bytes:
    """The file that is made of them."""
    made = bytearray()
    for part in parts:
        body = part.body + of_chunks(part.parts)
        size = len(body) if part.claimed is None else part.claimed & 0xFFFFFFFF
        if len(made) > LONGEST:
            break
        made += part.name + struct.pack("<I", size) + body + bytes(len(body) % 2)
    return bytes(made)


def bend(draw: st.DataObject, parts: list[Part], order: str) -> None:
    """Change a few of the parts; numbers are written in `order`, `<` or `>`."""
    root = Part(b"", b"", parts)
    for _ in range(draw.draw(st.integers(1, 4))):
        holders = [part for part in root.all() if part.parts]
        # Headers are few among blocks: a holder first, then one of its own, finds them as often.
        holder = draw.draw(st.sampled_from(holders)) if holders else root
        if not holder.parts:
            return
        number = draw.draw(st.integers(0, min(len(holder.parts), 30) - 1))
        part = holder.parts[number]
        match draw.draw(
            st.sampled_from(("number", "number", "float", "size", "repeat", "nest", "drop", "cut"))
        ):
            case "number":
                part.body, part.parts = _numbered(draw, part, order), part.parts
            case "float":
                form = draw.draw(st.sampled_from("fd"))
                value = draw.draw(st.sampled_from(FLOATS))
                part.body = struct.pack(order + form, 3e38 if form == "f" and value == 1e30 else value)
            case "size":
                part.claimed = draw.draw(st.sampled_from(NUMBERS))
            case "repeat":
                times = draw.draw(st.sampled_from(REPEATED))
                if times * sum(1 for _ in part.all()) < MOST_PARTS:
                    holder.parts[number:number] = [part] * times
            case "nest":
                for _ in range(draw.draw(st.sampled_from((1, 50)))):
                    part = Part(holder.name, part.body[:4] if order == "<" else b"", [part])
                holder.parts[number] = part
            case "drop":
                del holder.parts[number]
            case _:
                part.body = part.body[: draw.draw(st.integers(0, 8))]


def _numbered(draw: st.DataObject, part: Part, order: str) -> bytes:
    """A part's bytes with a number in them set to an extreme, or such a number alone."""
    form = draw.draw(st.sampled_from("BHIQ"))
    width = struct.calcsize(form)
    raw = struct.pack(order + form, draw.draw(st.sampled_from(NUMBERS)) & (1 << 8 * width) - 1)
    if len(part.body) <= width:
        return raw
    at = draw.draw(st.integers(0, min(len(part.body) - width, 64)))
    return part.body[:at] + raw + part.body[at + width :]

"""RIFF AVI files changed as bytes: a subtitle stream that ffmpeg would open with another demuxer (GAB2)."""

from __future__ import annotations

import struct


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + (b"\0" if len(body) % 2 else b"")


def _list(kind: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", kind + body)


def gab2(content: str) -> bytes:
    """A GAB2 subtitle packet: language name, then a whole subtitle file of any format."""
    file = content.encode()
    name = "x".encode("utf-16-le") + b"\0\0"
    return (
        b"GAB2\0"
        + struct.pack("<HI", 2, len(name))  # 2: a name follows
        + name
        + struct.pack("<HI", 4, len(file))  # 4: the file follows
        + file
    )


def add_gab2(data: bytes, content: str) -> bytes:
    """The AVI with one more stream, of subtitles, whose only packet holds `content`."""
    header = struct.unpack_from("<I", data, 16)[0]  # RIFF size AVI LIST size hdrl ...
    if data[:4] != b"RIFF" or data[20:24] != b"hdrl":
        raise ValueError("not an AVI as ffmpeg writes it")
    streams = struct.unpack_from("<I", data, 32 + 24)[0]
    strh = struct.pack("<4s4sIHHIIIIIIII4H", b"txts", b"\0" * 4, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    strl = _list(b"strl", _chunk(b"strh", strh) + _chunk(b"strf", b""))
    hdrl = data[20 : 20 + header]
    hdrl = hdrl[:36] + struct.pack("<I", streams + 1) + hdrl[40:] + strl
    rest = data[20 + header :]
    at = rest.index(b"movi") - 8
    size = struct.unpack_from("<I", rest, at + 4)[0]
    movi = rest[at + 8 : at + 8 + size] + _chunk(b"%02dtx" % streams, gab2(content))
    after = rest[at + 8 + size :]
    # The old idx1 stays: its offsets count from `movi`, and the new packet comes last.
    body = b"AVI " + _chunk(b"LIST", hdrl) + rest[:at] + _chunk(b"LIST", movi) + after
    return b"RIFF" + struct.pack("<I", len(body)) + body

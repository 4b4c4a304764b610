"""What a file is, from its first bytes alone and before any tool of others reads it.

ffmpeg guesses formats too, and its guesses include playlists that make it open other files and addresses.
So we decide: the container found here names the one demuxer that ffmpeg is then forced to use, and anything
that refers to something else is refused by name. Extensions and declared types are never looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from playhead.media.headerless import (
    elementary_video,
    headerless_audio,
    is_program_stream,
    is_transport_stream,
)

HEAD_BYTES = 64 * 1024
"""How much of the start of a file `sniff` wants."""

Kind = Literal["video", "audio"]

_ISO_DEMUXER = "mov"
# ffmpeg's demuxer for each container we take, and whether files of it can hold pictures.
_CONTAINERS: dict[str, tuple[str, Kind]] = {
    "mp4": (_ISO_DEMUXER, "video"),
    "mov": (_ISO_DEMUXER, "video"),
    "matroska": ("matroska", "video"),
    "webm": ("matroska", "video"),
    "avi": ("avi", "video"),
    "mpegts": ("mpegts", "video"),
    "mpegps": ("mpeg", "video"),
    "asf": ("asf", "video"),
    "ogg": ("ogg", "video"),
    "flv": ("flv", "video"),
    "mxf": ("mxf", "video"),
    "nut": ("nut", "video"),
    "rm": ("rm", "video"),
    "dv": ("dv", "video"),
    "ivf": ("ivf", "video"),
    "y4m": ("yuv4mpegpipe", "video"),
    "gif": ("gif", "video"),
    "apng": ("apng", "video"),
    "webp": ("webp_pipe", "video"),
    **{name: (name, "video") for name in ("mpegvideo", "m4v", "h264", "hevc")},
    **{
        name: (name, "audio")
        for name in ("mp3", "aac", "ac3", "eac3", "flac", "wav", "aiff", "amr", "caf", "au")
    },
    **{name: (name, "audio") for name in ("w64", "wv", "ape", "tta")},
}
DEMUXERS = tuple(dict.fromkeys(demuxer for demuxer, _ in _CONTAINERS.values()))
"""Every demuxer that may ever read a user's file."""


@dataclass(frozen=True)
class Sniffed:
    """Either a container to read, or why not."""

    container: str | None = None
    demuxer: str | None = None
    """ffmpeg's name, to be forced with `-f`."""
    kind: Kind | None = None
    """`audio` when such a container never holds pictures."""
    refusal_code: str | None = None
    """A code of the error table; None exactly when `container` is set."""
    sentence: str = ""
    """What the file is, for a person: no part of the file itself is in it."""


def sniff(head: bytes, size: int) -> Sniffed:
    """Decide what a file of `size` bytes is from `head`, its first `HEAD_BYTES` bytes or all."""
    if size == 0 or not head:
        return _refused("empty_file", "The file is empty.")
    head = head[:HEAD_BYTES]
    if not head.strip(b"\x00"):
        return _refused("corrupt_file", "The file holds nothing but zeros where it should begin.")
    # Text before streams: a playlist followed by MPEG-TS packets is both, and is meant as the playlist.
    for look in (_by_magic, _by_boxes, _by_text, _by_rhythm):
        found = look(head)
        if found is not None:
            return found
    return _refused("not_a_video", "The file is of a kind that is not known here, and not a video.")


def _taken(container: str) -> Sniffed:
    demuxer, kind = _CONTAINERS[container]
    return Sniffed(container=container, demuxer=demuxer, kind=kind)


def _refused(code: str, sentence: str) -> Sniffed:
    return Sniffed(refusal_code=code, sentence=sentence)


_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d010201")
# What stands at the very start.
_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (_ASF, "asf"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"DKIF", "ivf"),
    (b"nut/multimedia container\x00", "nut"),
    (b".RMF", "rm"),
    (b".ra\xfd", "rm"),
    (b"YUV4MPEG2 ", "y4m"),
    (b"fLaC", "flac"),
    (b"#!AMR", "amr"),
    (b"caff\x00\x01", "caf"),
    (b".snd\x00\x00", "au"),
    (_MXF_PARTITION, "mxf"),
    (_W64, "w64"),
    (b"wvpk", "wv"),
    (b"MAC \x96\x0f", "ape"),
    (b"MAC \x82\x0f", "ape"),
    (b"TTA1", "tta"),
)
_NOT_VIDEOS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"8BPS", "a Photoshop image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\x76\x2f\x31\x01", "an OpenEXR image"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x04\x22\x4d\x18", "an lz4 archive"),
    (b"MSCF", "a cabinet archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xfe\xed\xfa\xce", "a program"),
    (b"\xfe\xed\xfa\xcf", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x00asm", "a program"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a text document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"SQLite format 3\x00", "a database"),
    (b"MThd", "a MIDI file"),
)
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"FWS", "a Flash movie"),
    (b"CWS", "a Flash movie"),
    (b"ZWS", "a Flash movie"),
    (b"BIK", "a Bink video"),
    (b"KB2", "a Bink video"),
    (b"SMK", "a Smacker video"),
    (b"NSVf", "a Nullsoft video"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d", "a Windows Television recording"),
    (b"\x00\x00\x01\x42RED1", "a REDCODE raw video"),
)


def _by_magic(head: bytes) -> Sniffed | None:
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _taken("webm" if b"webm" in head[:64] else "matroska")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        animated = b"acTL" in head.partition(b"IDAT")[0]  # the chunk must come before the first picture
        return _taken("apng") if animated else _not_a_video("a PNG image")
    if head[:4] in (b"RIFF", b"RF64", b"FORM"):
        return _by_form(head)
    if head.startswith(b"\x1f\x07\x00") and len(head) > 3 and head[3] & 0x7F == 0x3F:
        return _taken("dv")  # the header block of a first sequence, 525 or 625 lines
    if head[257:262] == b"ustar":
        return _not_a_video("a tar archive")
    for magic, container in _MAGICS:
        if head.startswith(magic):
            return _taken(container)
    for magic, what in _NOT_VIDEOS:
        # Two letters are too few against files that begin with junk: these two say their size as well.
        if head.startswith(magic) and (len(magic) > 2 or _is_two_letter_file(head)):
            return _not_a_video(what)
    for magic, what in _UNSUPPORTED:
        if head.startswith(magic):
            return _refused("unsupported_format", f"The file is {what}, which is not supported.")
    return None


def _by_form(head: bytes) -> Sniffed | None:
    form = head[8:12]
    if form[:3] == b"AVI":  # the fourth byte is a space, X, or 0x19 from one camera maker
        return _taken("avi")
    if form == b"WAVE":
        return _taken("wav")
    if form in (b"AIFF", b"AIFC"):
        return _taken("aiff")
    if form == b"CDXA":
        return _taken("mpegps")
    if form == b"WEBP":
        animated = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 0x02
        return _taken("webp") if animated else _not_a_video("a WebP image")
    return _refused("unsupported_format", "The file's container is a RIFF or IFF form that is not supported.")


def _is_two_letter_file(head: bytes) -> bool:
    if head[:2] == b"BM":
        return (
            head[6:10] == b"\x00\x00\x00\x00"
            and len(head) > 18
            and head[14] in (12, 40, 52, 56, 64, 108, 124)
        )
    if head[:2] == b"MZ":
        at = int.from_bytes(head[60:64], "little")
        return head[at : at + 4] == b"PE\x00\x00" or len(head) < 64
    return True


_MEDIA_BOXES = frozenset(b"ftyp moov mdat moof styp".split())
_BOXES = _MEDIA_BOXES | frozenset(
    b"free skip wide pnot sidx uuid udta pdin meta emsg prft junk PICT bloc ssix".split()
)
_IMAGE_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"jp2 ", b"jpx ", b"jpm ", b"crx ")
)


def _by_boxes(head: bytes) -> Sniffed | None:
    """Walk ISO boxes (14496-12, 4.2) from the start until one that only a movie has."""
    at = 0
    for _ in range(64):
        kind = head[at + 4 : at + 8]
        if kind not in _BOXES:
            return None
        if kind == b"ftyp":
            brand = head[at + 8 : at + 12]
            if brand in _IMAGE_BRANDS:
                return _not_a_video("a HEIF, AVIF, JPEG 2000 or raw image")
            return _taken("mov" if brand == b"qt  " else "mp4")
        if kind == b"moov" and head[at + 12 : at + 16] == b"rmra":
            return _refused(
                "reference_refused", "The file is a QuickTime movie that only tells where another is."
            )
        if kind in _MEDIA_BOXES:
            # QuickTime wrote no ftyp; a fragment without one is an MP4 that was joined or cut.
            return _taken("mp4" if kind in (b"moof", b"styp") else "mov")
        size = int.from_bytes(head[at : at + 4])
        if size == 1:
            size = int.from_bytes(head[at + 8 : at + 16])
        if size < 8 or at + size >= len(head):
            return None
        at += size
    return None


# Where a text begins that makes a player open something else.
_REFERENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (r"#EXTM3U", "an HLS or M3U playlist"),
        (r"ffconcat version|file '", "a list of files to join"),
        (r"v=0\r?\n", "an SDP session description"),
        (r"\[playlist\]", "a playlist"),
        (r"\[reference\]", "a playlist"),
        (r"RTSPtext", "a playlist"),
        (r"# VobSub index file", "a subtitle index that refers to another file"),
        (r"(?:[a-z][a-z0-9+.-]{1,15}):/{2}\S", "a list of addresses"),
        (
            r"(?:subfile,,|(?:concat|crypto|data|async|cache|hls|ffrtmp|unix|tee|fd|pipe|file):)\S",
            "a list of addresses",
        ),
    )
)
_ROOTS = {
    "mpd": ("reference_refused", "a DASH manifest"),
    "svg": ("reference_refused", "an SVG image, which may refer to other files"),
    "smoothstreamingmedia": ("reference_refused", "a Smooth Streaming manifest"),
    "smil": ("reference_refused", "a SMIL presentation"),
    "asx": ("reference_refused", "a playlist"),
    "playlist": ("reference_refused", "a playlist"),
    "compositionplaylist": ("reference_refused", "a list of files to play"),
    "html": ("not_a_video", "a web page"),
}
_SUBTITLES = re.compile(r"WEBVTT|\[Script Info\]|\d+\r?\n\d\d:\d\d:\d\d[,.]\d{3} -->|\{\d+\}\{\d+\}")
# A document type names the root element before it comes, and entities in it may refer to files too.
_ROOT = re.compile(r"<(?:!doctype\s+)?(?:[\w.-]+:)?([a-z][\w.-]*)", re.IGNORECASE)
# The bytes of text in any encoding that extends ASCII.
_TEXT_BYTES = bytes((*range(0x20, 0x7F), *range(0x80, 0x100), *b"\t\n\r\x0b\x0c\x1b"))
_TEXT_LOOKED_AT = 4096


def _by_text(head: bytes) -> Sniffed | None:
    start = _as_text(head[:_TEXT_LOOKED_AT]).lstrip("\ufeff \t\r\n\x0b\x0c\x00")
    for pattern, what in _REFERENCES:
        if pattern.match(start):
            return _refused("reference_refused", f"The file is {what}, not a video.")
    if start.startswith("<"):
        return _by_root_element(start)
    if _SUBTITLES.match(start):
        return _not_a_video("subtitles")
    if start.startswith("#!"):
        return _not_a_video("a script")
    if not head.translate(None, _TEXT_BYTES) or _is_wide_text(head):
        return _not_a_video("plain text")
    return None


def _is_wide_text(head: bytes) -> bool:
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    words = _as_text(head[:_TEXT_LOOKED_AT]).lstrip("\ufeff").split()
    return "\ufffd" not in "".join(words) and all(word.isprintable() for word in words)


def _as_text(start: bytes) -> str:
    if start.startswith(b"\xff\xfe"):
        return start.decode("utf-16-le", "replace")
    if start.startswith(b"\xfe\xff"):
        return start.decode("utf-16-be", "replace")
    return start.decode("utf-8", "replace")


def _by_root_element(start: str) -> Sniffed | None:
    for name in _ROOT.findall(start):
        code, what = _ROOTS.get(name.lower(), ("", ""))
        if code:
            return _refused(code, f"The file is {what}, not a video.")
    if start.startswith(("<?xml", "<!")) or _ROOT.match(start):
        return _not_a_video("an XML or HTML document")
    return None


def _by_rhythm(head: bytes) -> Sniffed | None:
    rest = _after_id3(head)
    if rest is None:
        return _taken("mp3")  # the tag, with a cover picture, fills all we see: ffmpeg reads on behind it
    if rest is not head and (text := _by_text(rest)):
        return text  # ffmpeg skips such a tag before it guesses, so a playlist behind one is a playlist
    if rest.startswith(b"fLaC"):
        return _taken("flac")
    if _MXF_PARTITION in head:
        return _taken("mxf")  # a run-in of up to 64 KiB may stand before it (SMPTE ST 377-1, 6.5)
    if is_transport_stream(rest):
        return _taken("mpegts")
    if is_program_stream(rest):
        return _taken("mpegps")
    demuxer = elementary_video(rest) or headerless_audio(rest)
    return _taken(demuxer) if demuxer else None


def _after_id3(head: bytes) -> bytes | None:
    """Return what follows an ID3v2 tag (id3.org, 2.4.0 section 3.1); None when it reaches beyond `head`."""
    if head[:3] != b"ID3" or len(head) < 10 or max(head[6:10]) > 0x7F:
        return head
    length = 10 + sum(byte << 7 * (3 - index) for index, byte in enumerate(head[6:10]))
    return head[length:] if length < len(head) else None


def _not_a_video(what: str) -> Sniffed:
    return _refused("not_a_video", f"The file is {what}, not a video.")

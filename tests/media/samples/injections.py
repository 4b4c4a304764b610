"""Texts that hurt whoever prints, logs, stores or renders them: in titles, in tags, in file names.

The videos are whole: all must become ready, and nothing of the text may act anywhere.
"""

from __future__ import annotations

from tests.media.samples import boxes, bytework
from tests.media.samples.flags import AAC, H264_MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Encode, Literal, Recipe, edit, tone
from tests.media.samples.sample import Failed, Outcome, Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)
SHORT = Ready(160, 90, 0.4, frames=10)
NOT_A_NAME = Failed("invalid_request")

TEXTS: dict[str, str] = {
    "ansi": "\x1b[31mred\x1b[2J\x1b[H\x1b]0;owned\x07",
    "osc_link": "\x1b]8;;http://127.0.0.1/\x1b\\click\x1b]8;;\x1b\\",
    "crlf": "title\r\nSet-Cookie: owned=1\r\n\r\n<html>",
    "log_line": 'x"\n{"level":"info","event":"login","user":"root"}',
    "script": "<script>document.title='owned'</script>",
    "image": "<img src=x onerror=\"document.title='owned'\">",
    "attribute": '" onmouseover="document.title=\'owned\'" x="',
    "style": "</style><style>*{display:none}</style>",
    "markdown": "[x](javascript:document.title='owned')",
    "csv": '=HYPERLINK("http://127.0.0.1/"&A1)',
    "csv_command": "@SUM(1+1)*cmd|'/C calc'!A0",
    "traversal": "../../../../etc/passwd",
    "windows": "..\\..\\C:\\CON.mp4",
    "bidi": "gp\u202e4pm.exe\u2066x\u2069",
    "invisible": "vi\u200bd\u200ce\u200d\ufeffo\u00ad",
    "combining": "Z" + "\u0335\u0321\u0300" * 300,
    "sql": "'; DROP TABLE videos; --",
    "format": "%s%s%n%x{0}{__class__}",
    "template": "{{7*7}}${7*7}<%=7*7%>#{7*7}",
    "jndi": "${jndi:ldap://127.0.0.1/x}",
    "shell": "$(touch owned)`touch owned`; touch owned #",
    "long": "A" * 100_000,
    "long_wide": "\U0001f4a9" * 20_000,
    "separators": "a\u2028b\u2029c\x85d\x0be",
    "delete": "abc\x7f\x08\x08\x08xyz",
}
"""Name -> text. All can stand in a JSON string; those that cannot are in `RAW`."""

CANNOT_BE_NAMES = frozenset(
    {
        *("ansi", "osc_link", "crlf", "log_line", "bidi", "invisible", "separators", "delete"),
        *("combining", "long", "long_wide"),
    }
)
"""Texts that a file's name may be refused for: they hold what cannot be shown, or are too long."""

RAW: dict[str, bytes] = {
    "nul": b"before\0after.mp4\0",
    "not_utf8": b"\xff\xfe\xc0\x80\xed\xa0\x80\xf5",
    "overlong": b"..\xc0\xaf..\xc0\xafetc/passwd",
    "c1": b"\x9b31m\x9d0;owned\x9c",
}
"""Bytes that are no text, written over a title of the same length."""

MKV = f"{x264()} {AAC} -f matroska"


def _injection(
    name: str, filename: str, recipe: Recipe, why: str, expect: Outcome | tuple[Outcome, ...] = AS_USUAL
) -> Sample:
    return Sample(f"inject_{name}", "injection", filename, recipe, expect, why)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _tagged(text: str, container: str) -> Encode:
    # The command line takes at most 128 kB an argument; the longest text is shorter.
    tags = " ".join(f"-metadata {key}={_quoted(text)}" for key in ("title", "artist", "comment"))
    streams = f"-metadata:s:a:0 title={_quoted(text)}"
    codecs = f"{x264('-preset ultrafast')} {AAC}"
    return Encode(f"{codecs} {tags} {streams} -f {container}", Picture(160, 90, frames=10), (tone(0.4),))


def _raw(content: bytes) -> Recipe:
    placeholder = "T" * len(content)
    base = Encode(f"{H264_MP4} -metadata title={placeholder}")
    return edit(base, bytework.swap, placeholder.encode(), content)


def _chapters(text: str) -> Literal:
    safe = text.replace("\\", "\\\\").replace("=", "\\=").replace(";", "\\;").replace("#", "\\#")
    safe = safe.replace("\n", "\\\n")
    return Literal(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle={safe}\n".encode())


def _subtitles(text: str) -> Literal:
    return Literal(f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n".encode())


SAMPLES: tuple[Sample, ...] = (
    *(
        _injection(f"mp4_{name}", "title.mp4", _tagged(text, "mp4"), "in MP4 tags", SHORT)
        for name, text in TEXTS.items()
        if name != "long_wide"  # as an argument its bytes are more than a command line takes
    ),
    *(
        _injection(f"mkv_{name}", "title.mkv", _tagged(text, "matroska"), "in Matroska tags", SHORT)
        for name, text in TEXTS.items()
        if name != "long_wide"
    ),
    *(
        _injection(
            f"name_{name}",
            f"{text}.mp4",
            PLAIN,
            "in the file's name",
            (AS_USUAL, NOT_A_NAME) if name in CANNOT_BE_NAMES else AS_USUAL,
        )
        for name, text in TEXTS.items()
    ),
    *(
        _injection(f"raw_{name}", "raw.mp4", _raw(content), "bytes that are no text")
        for name, content in RAW.items()
    ),
    _injection("name_nul", "video\0.mp4", PLAIN, "a NUL in the file's name", (AS_USUAL, NOT_A_NAME)),
    _injection("name_dots", "..", PLAIN, "a name that is a folder"),
    _injection("name_empty", "", PLAIN, "no name at all", (AS_USUAL, NOT_A_NAME)),
    _injection("name_device", "/dev/stdin", PLAIN, "a device for a name"),
    _injection(
        "chapter",
        "chapter.mkv",
        Encode(
            f"-map 0:v -map 1:a -map_chapters 2 {x264()} {AAC} -f matroska",
            files=(_chapters(TEXTS["script"]),),
        ),
        "in a chapter's title",
    ),
    _injection(
        "subtitle",
        "subtitle.mkv",
        Encode(
            f"-map 0:v -map 1:a -map 2:s {x264()} {AAC} -c:s srt -f matroska",
            files=(_subtitles(TEXTS["image"]),),
        ),
        "in a subtitle",
    ),
    _injection(
        "language",
        "language.mkv",
        Encode(f"{x264()} {AAC} -metadata:s:a:0 language={_quoted(TEXTS['attribute'])} -f matroska"),
        "in a track's language",
    ),
    _injection(
        "handler",
        "handler.mp4",
        edit(PLAIN, bytework.swap, b"VideoHandler", b"\x1b[31m</title"),
        "in a handler's name",
    ),
    _injection(
        "codec",
        "codec.mp4",
        edit(PLAIN_MOOV_LAST, boxes.rename_entry, "\x1b[2J"),
        "in a codec's four characters",
        Failed("unsupported_codec"),
    ),
    _injection("brand", "brand.mp4", edit(PLAIN, bytework.swap, b"isom", b"\x1b[1m"), "in the file's brand"),
)

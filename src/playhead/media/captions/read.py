"""Reading WebVTT (W3C, section 6.1) and SubRip, which differ in little; all that is not a cue is left out.

A file is cut at its empty lines once, and each block is judged by its first lines alone, so reading takes
time in proportion to the file, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playhead.media.captions.cues import LAST_MOMENT, MOST_BYTES, MOST_CUES, Cue, bounded
from playhead.media.captions.markup import cleaned
from playhead.model.errors import PlayheadError

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s{{0,9}}{_TIME}\s{{0,9}}-->\s{{0,9}}{_TIME}(?:\s(.*))?", re.ASCII)
_SETTING = re.compile(
    r"(?:line:-?\d{1,3}(?:\.\d{1,3})?%?|(?:position|size):\d{1,3}(?:\.\d{1,3})?%|align:(?:start|center|end|left|right))",
    re.ASCII,
)
_NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)(?:\s.*)?")
_BREAK = re.compile(r"\r\n|\n|\r")


def read(content: bytes) -> list[Cue]:
    """The cues of a WebVTT or SubRip file, in order.

    Raises:
        PlayheadError: `captions_invalid` for anything else, for what is too large, or in another encoding
            than UTF-8 (or UTF-16 that says so).
    """
    if len(content) > MOST_BYTES:
        raise PlayheadError("captions_invalid", f"It is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    text = _text(content)
    found = list(bounded(_cues(text)))
    if not found and not text.lstrip().startswith("WEBVTT"):
        raise PlayheadError("captions_invalid", "There are no cues in it.")
    return found


def _text(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise PlayheadError("captions_invalid", "Its text is not UTF-8.") from error


def _cues(text: str) -> Iterator[Cue]:
    for count, block in enumerate(_blocks(text)):
        if count > 2 * MOST_CUES:
            return
        # The times stand on the first line, or on the second below a cue's name or number.
        for at in range(min(2, len(block))):
            if times := _TIMES.fullmatch(block[at]):
                yield Cue(
                    _moment(times.groups()[:4]),
                    min(_moment(times.groups()[4:8]), LAST_MOMENT),
                    cleaned(block[at + 1 :]),
                    _settings((times[9] or "")[:200]),
                )
                break
            if _NO_CUE.fullmatch(block[at]):
                break


def _blocks(text: str) -> Iterator[list[str]]:
    """Runs of lines that are not empty."""
    block: list[str] = []
    for line in _BREAK.split(text):
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _moment(fields: tuple[str | None, ...]) -> int:
    """Milliseconds; of a fraction that is written short, as `1,5`, what it means."""
    hours, minutes, seconds, fraction = fields
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _settings(text: str) -> str:
    kept = {each.partition(":")[0]: each for each in text.split() if _SETTING.fullmatch(each)}
    return " ".join(kept.values())

"""The text of a cue: every tag but four goes, every character that could be taken for one is escaped."""

from __future__ import annotations

import html
import re
from itertools import islice

from playhead.media.captions.cues import MOST_LINES, MOST_TEXT

# Each token ends where the next begins, so no character is looked at more than twice: a `<` that is never
# closed, or an override `{\an8}` of SubRip, costs no second look at what is behind it.
_TOKEN = re.compile(r"<(?=/?[A-Za-z]|\d\d:)[^<>]*>|\{\\[^{}]*\}|<|\{|[^<{]+")
_TAG = re.compile(r"<(/?)([biuv])(?:[.\s][^<>]*)?>", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
MOST_NAME = 60
"""Characters of a speaker's name."""
MOST_TAGS = 200
"""Tags kept of a cue."""
MOST_WRITTEN = 100_000
"""Characters of a cue that are looked at: more than any that is kept has, with all its markup."""


def cleaned(lines: list[str]) -> str:
    """A cue's payload as WebVTT cue text with no tags but `b`, `i`, `u` and `v`, each closed; maybe empty."""
    kept = [_UNSEEN.sub("", line) for line in islice(lines, MOST_LINES)]
    made: list[str] = []
    opened: list[str] = []
    room, tags = MOST_TEXT, MOST_TAGS
    for token in _TOKEN.findall("\n".join(kept)[:MOST_WRITTEN]):
        if token[0] == "<" and token[-1] == ">" and len(token) > 1:
            if (tag := _TAG.fullmatch(token)) and tags:
                tags -= 1
                made += (
                    _closed(opened, tag[2].lower()) if tag[1] else [_opened(opened, token, tag[2].lower())]
                )
        elif not (token[0] == "{" and len(token) > 1):
            text = "\n".join(map(_spelled_out, token.split("\n")))[:room]
            room -= len(text)
            made.append(escaped(text))
    made += [f"</{name}>" for name in reversed(opened)]
    text = "".join(made)
    lines_left = [line.strip() for line in text.split("\n")]
    text = "\n".join(line for line in lines_left if line)
    return text if re.sub(r"<[^<>]*>", "", text).strip() else ""


def escaped(text: str) -> str:
    """Text that is nothing but text in WebVTT; `-->` cannot be part of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spelled_out(line: str) -> str:
    """A line with its character references resolved; none of them breaks it, or is not to be seen."""
    return _UNSEEN.sub("", html.unescape(line).replace("\n", " "))


def _opened(opened: list[str], token: str, name: str) -> str:
    opened.append(name)
    if name != "v":
        return f"<{name}>"
    # Classes stand before the first blank, the speaker after it.
    speaker = " ".join(html.unescape(token[1:-1]).split()[1:])
    speaker = escaped(_UNSEEN.sub("", speaker)[:MOST_NAME]).strip()
    return f"<v {speaker}>" if speaker else "<v>"


def _closed(opened: list[str], name: str) -> list[str]:
    """Closes a tag and those inside of it; nothing when it is not open."""
    if name not in opened:
        return []
    made = []
    while True:
        last = opened.pop()
        made.append(f"</{last}>")
        if last == name:
            return made

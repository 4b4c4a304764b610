"""Captions of every kind, honest and evil: only cues come through, spelled by us, in linear time."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.media.captions import Cue, read, write
from playhead.media.captions.cues import LAST_MOMENT, MOST_AT_ONCE, MOST_BYTES, MOST_CUES, MOST_TEXT
from playhead.media.captions.markup import cleaned
from playhead.model.errors import PlayheadError

OURS = re.compile(
    r"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00\.000\n"
    r"(\n\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}( (line|position|size|align):[a-z0-9.%-]+)*\n"
    r"([^\n]+\n)+)*"
)
MARKUP = re.compile(r"(?:[^<>&]|&(?:amp|lt|gt);|</?[biuv]>|<v [^<>\n]+>)*")


def vtt(body: str) -> bytes:
    return f"WEBVTT\n\n{body}\n".encode()


def only(content: bytes) -> Cue:
    found = read(content)
    assert len(found) == 1, found
    return found[0]


def test_webvtt_is_read() -> None:
    cues = read(
        b"\xef\xbb\xbfWEBVTT - a film\nKind: captions\n\nSTYLE\n::cue { background: url(http://evil/) }\n\n"
        b"REGION\nid:one\n\nNOTE of the\nauthor\n\nintro\n00:01.000 --> 00:02.500 line:0 align:start region:one\n"
        b"<v.loud Ann>Hello,</v> <i>you</i>\nthere\n\n01:00:00.000 --> 01:00:01.000\nlater\n"
    )
    assert cues == [
        Cue(1000, 2500, "<v Ann>Hello,</v> <i>you</i>\nthere", "line:0 align:start"),
        Cue(3_600_000, 3_601_000, "later"),
    ]


def test_subrip_is_read() -> None:
    cues = read(
        "1\r\n00:00:01,5 --> 00:00:02,000\r\n{\\an8}<b>Grüße</b> <font color=red>an</font> alle & <3\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000 X1:10 Y1:2\r\nzwei\r\n".encode()
    )
    assert cues == [Cue(1500, 2000, "<b>Grüße</b> an alle &amp; &lt;3"), Cue(3000, 4000, "zwei")]


def test_utf_16_is_read_and_other_encodings_are_refused_by_name() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nžluťoučký\n"
    assert only(text.encode("utf-16")).text == "žluťoučký"
    with pytest.raises(PlayheadError) as refused:
        read(text.encode("cp1250"))
    assert refused.value.code == "captions_invalid"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 100, b"<html></html>", b"1\nno times\ntext\n"])
def test_what_holds_no_cues_is_refused(content: bytes) -> None:
    with pytest.raises(PlayheadError, match="cues"):
        read(content)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(PlayheadError, match="larger"):
        read(vtt("") + bytes(MOST_BYTES))


def test_captions_may_be_empty() -> None:
    assert write(read(b"WEBVTT\n")) == b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "alert(1)"),
        ("<img src=x onerror=alert(1)>seen", "seen"),
        ("<i><b>one</i> two", "<i><b>one</b></i> two"),
        ("</i>one</b>", "one"),
        ("<I>loud</I>", "<i>loud</i>"),
        ("<c.red>red</c> <00:00:01.500>now <ruby>a<rt>b</rt></ruby> <lang en>c</lang>", "red now ab c"),
        ("<v.x Ann &lt;script&gt;>hi", "<v Ann &lt;script&gt;>hi</v>"),
        ("<v>hi", "<v>hi</v>"),
        ("&lt;script&gt; &amp;amp; &#60;b&#62; --&gt;", "&lt;script&gt; &amp;amp; &lt;b&gt; --&gt;"),
        ("a < b > c", "a &lt; b &gt; c"),
        ("{\\an8}up {not an override}", "up {not an override}"),
        ("<<b>bold</b>", "&lt;<b>bold</b>"),
        ("a\x00b\u2028c&#0;&#x2028;&#13;d", "abc\ufffdd"),
        ("&#10;&#10;00:01.000 --&gt; 00:02.000&#10;smuggled", "00:01.000 --&gt; 00:02.000 smuggled"),
        ("<b></b>", ""),
        ("<biu>no</biu><bad>tags</bad>", "notags"),
    ],
)
def test_markup(text: str, shown: str) -> None:
    assert cleaned(text.split("\n")) == shown


@pytest.mark.parametrize(
    "times",
    [
        "00:02.000 --> 00:01.000",
        "00:01.000 --> 00:01.000",
        "-00:01.000 --> 00:01.000",
        "9999:00:00.000 --> 9999:00:01.000",
        "00:01.000 -> 00:02.000",
        "00:01 --> 00:02",
        "٠٠:٠١.٠٠٠ --> ٠٠:٠٢.٠٠٠",
        "00:01.000 --> 00:02.000x",
    ],
)
def test_impossible_times_are_no_cue(times: str) -> None:
    assert read(vtt(f"{times}\ntext\n\n00:05.000 --> 00:06.000\nlast")) == [Cue(5000, 6000, "last")]


def test_times_are_bounded_and_in_order() -> None:
    body = "5:00:00.000 --> 9999:00:00.000\nlong\n\n00:01.000 --> 00:02.000\nfirst"
    assert read(vtt(body)) == [Cue(1000, 2000, "first"), Cue(18_000_000, LAST_MOMENT, "long")]


def test_settings_are_checked_one_by_one() -> None:
    line = "line:-1 position:50% size:120.5% align:middle align:end vertical:rl region:x line:99999 x:url(//evil)"
    assert (
        only(vtt(f"00:01.000 --> 00:02.000 {line}\nx")).settings
        == "line:-1 position:50% size:120.5% align:end"
    )


def test_no_more_is_shown_at_once_than_a_player_can_lay_out() -> None:
    body = "\n\n".join(f"00:01.{n:03d} --> 09:00.000\nn{n}" for n in range(900))
    assert [cue.text for cue in read(vtt(body))] == [f"n{n}" for n in range(MOST_AT_ONCE)]


@pytest.mark.parametrize(
    "evil",
    [
        "<b>" * 300_000,
        "<" * 1_000_000,
        "<b" * 350_000,
        "{\\" * 350_000,
        "&" * 1_000_000,
        "&#" * 350_000,
        "<v " + " " * 1_000_000,
        "\n".join("<i>x" for _ in range(300_000)),
        "\n\n".join(["00:01.000 --> 00:02.000\n<b>x"] * 60_000),
        "0" * 1_000_000 + " --> 1",
        "00:01.000 --> 00:02.000" + " line:0" * 200_000 + "\nx",
        "\r" * 1_000_000,
        "\n".join(["a"] * 1_000_000),
    ],
    ids=range(13),
)
def test_evil_captions_stay_small(evil: str) -> None:
    """Each of these takes minutes, or for ever, where reading is worse than linear: the suite's limit ends it."""
    for content in (vtt(f"00:01.000 --> 00:02.000\n{evil}"), vtt(evil)):
        written = write(read(content)).decode()
        assert OURS.fullmatch(written)
        assert len(written) < 100 + 100 * MOST_CUES


_PIECES = st.sampled_from(
    ["<b>", "</b>", "<i>", "</v>", "<script>", "<", ">", "&", "&lt;", "&#10;", "{\\an8}", "{", "NOTE", "x"]
) | st.sampled_from(
    (
        "<v A>",
        "\n",
        "\r",
        "\n\n",
        "00:01.000 --> 00:02.000",
        "00:00:01,0 --> 00:00:02,0\n",
        " align:end",
        "STYLE\n",
    )
)
_SOUP = st.lists(_PIECES | st.text(max_size=8), max_size=40).map("".join)


@given(_SOUP)
def test_whatever_is_read_is_written_as_our_own(soup: str) -> None:
    cues = read(b"WEBVTT\n\n" + soup.encode(errors="replace"))
    written = write(cues)
    assert OURS.fullmatch(written.decode())
    for cue in cues:
        assert MARKUP.fullmatch(cue.text), cue.text
        assert "-->" not in cue.text
        assert len(re.sub(r"<[^<>]*>", "", cue.text)) <= 5 * MOST_TEXT
    assert read(written) == cues, "it comes back as it was written"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    with suppress(PlayheadError):
        assert isinstance(read(content), list)

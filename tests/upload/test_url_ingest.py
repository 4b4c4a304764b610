"""The rules of fetching: which URLs, which redirects, what an answer is worth, how long to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from playhead.model.errors import PlayheadError
from playhead.upload.url_ingest import (
    LONGEST_WAIT,
    RETRIES,
    Offer,
    Wanted,
    checked_url,
    filename_of,
    next_hop,
    offer,
    pause,
)

HERE = URL("https://files.example/a/film.mp4")
PART = Wanted(100, 250, '"one"')


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/a",
        "file:///etc/passwd",
        "gopher://host/",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "//host/a",
        "/a",
        "",
        "http://",
        "http:///a",
        "http://:80/a",
        "http://host:0/a",
        "http://host:99999/a",
        "http://[::1/a",
        "http://user@host/a",
        "http://user:word@host/a",
        "http://:word@host/a",
        "http://@host/a" + "x" * 5000,
        "http://host/a b",
        "http://host/\r\nX-A: b",
        "http://host/\x00",
        "http://host/\u2028",
        " http://host/a",
    ],
)
def test_what_is_no_url_to_fetch_from_is_refused(url: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        checked_url(url)
    assert (caught.value.code, caught.value.field) == ("url_refused", "url")


@pytest.mark.parametrize(
    "url", ["http://host/a", "HTTPS://host", "https://host:8443/a?b=%20&c#d", "http://[2606::1]/"]
)
def test_what_is_one_is_taken(url: str) -> None:
    assert checked_url(url).host


@given(st.text())
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://host/{text}"):
        code = None
        try:
            scheme = checked_url(url).scheme
        except PlayheadError as error:
            scheme, code = "none", error.code
        assert scheme in ("http", "https") or code == "url_refused"


def test_redirects_are_followed_three_times_and_judged_each_time() -> None:
    assert next_hop(HERE, "../b/film.mp4", 1) == URL("https://files.example/b/film.mp4")
    assert next_hop(HERE, "//other.example/x", 3) == URL("https://other.example/x")
    for location, hops, code in [
        ("/b", 4, "source_refused"),
        (None, 1, "source_refused"),
        ("", 1, "source_refused"),
        ("file:///etc/passwd", 1, "url_refused"),
        ("https://user:word@files.example/", 1, "url_refused"),
        ("http://[", 1, "url_refused"),
    ]:
        with pytest.raises(PlayheadError) as caught:
            next_hop(HERE, location, hops)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/a/holiday%20film.mp4?x=1", "holiday film.mp4"),
        ("https://h/", "video"),
        ("https://h", "video"),
        ("https://h/a%2Fb%5Cc.mp4", "abc.mp4"),
        ("https://h/%0D%0A%00.mov", ".mov"),
        ("https://h/%FF.mp4", "\ufffd.mp4"),
        ("https://h/" + "x" * 400 + ".mp4", "x" * 251 + ".mp4"),
        ("https://h/a/film.mp4/", "film.mp4"),
    ],
)
def test_a_file_is_called_what_the_path_ends_in(url: str, name: str) -> None:
    assert filename_of(checked_url(url)) == name


def test_only_what_is_missing_is_asked_for_and_only_of_the_same_version() -> None:
    assert Wanted().headers() == {"accept-encoding": "identity"}
    assert Wanted(100, 250, None).headers() == {"accept-encoding": "identity"}
    assert PART.headers() == {"accept-encoding": "identity", "range": "bytes=100-", "if-range": '"one"'}


@pytest.mark.parametrize(
    ("status", "headers", "found"),
    [
        (206, {"content-range": "bytes 100-249/250", "etag": '"one"'}, Offer(100, 250, '"one"')),
        (206, {"content-range": "bytes 100-249/250"}, Offer(100, 250, '"one"')),
        (206, {"content-range": "bytes 100-249/250", "etag": '"two"'}, None),
        (206, {"content-range": "bytes 0-249/250", "etag": '"one"'}, None),
        (206, {"content-range": "bytes 100-199/250", "etag": '"one"'}, None),
        (206, {"content-range": "bytes 100-299/300", "etag": '"one"'}, None),
        (416, {"content-range": "bytes */50"}, None),
        (412, {}, None),
        (200, {"content-length": "300", "etag": '"two"'}, Offer(0, 300, '"two"')),
    ],
)
def test_what_an_answer_to_a_request_for_the_rest_is_worth(
    status: int, headers: dict[str, str], found: Offer | None
) -> None:
    assert offer(PART, status, headers) == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, Offer(0, None, None)),
        ({"content-length": "7"}, Offer(0, 7, None)),
        ({"content-length": "seven"}, Offer(0, None, None)),
        ({"etag": 'W/"one"'}, Offer(0, None, None)),
        ({"etag": "one"}, Offer(0, None, None)),
        ({"etag": '"a\r\nb"'}, Offer(0, None, None)),
        (
            {"last-modified": "Sun, 29 Nov 2026 08:00:00 GMT", "date": "Sun, 29 Nov 2026 08:02:00 GMT"},
            Offer(0, None, "Sun, 29 Nov 2026 08:00:00 GMT"),
        ),
        (
            {"last-modified": "Sun, 29 Nov 2026 08:00:00 GMT", "date": "Sun, 29 Nov 2026 08:00:30 GMT"},
            Offer(0, None, None),
        ),
        ({"last-modified": "yesterday", "date": "today"}, Offer(0, None, None)),
        ({"content-encoding": "identity"}, Offer(0, None, None)),
    ],
)
def test_what_a_first_answer_is_worth(headers: dict[str, str], found: Offer) -> None:
    assert offer(Wanted(), 200, headers) == found


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (404, {}, "source_refused"),
        (401, {}, "source_refused"),
        (410, {}, "source_refused"),
        (204, {}, "source_refused"),
        (416, {}, "source_refused"),
        (206, {}, "source_refused"),
        (200, {"content-encoding": "gzip"}, "source_refused"),
        (200, {"content-encoding": "br, identity"}, "source_refused"),
        (500, {}, "source_unreachable"),
        (503, {"retry-after": "7"}, "source_unreachable"),
        (429, {}, "source_unreachable"),
        (408, {}, "source_unreachable"),
    ],
)
def test_what_is_no_file_has_its_name(status: int, headers: dict[str, str], code: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        offer(Wanted(), status, headers)
    assert caught.value.code == code
    assert caught.value.retry_after == (7 if "retry-after" in headers else None)


def test_waits_grow_and_end() -> None:
    passing = PlayheadError("source_unreachable")
    assert [pause(number, passing) for number in range(1, 7)] == [*RETRIES, None]
    assert pause(1, PlayheadError("source_refused")) is None
    assert pause(1, PlayheadError("source_unreachable", retry_after=30)) == 30
    assert pause(1, PlayheadError("source_unreachable", retry_after=10**9)) == LONGEST_WAIT

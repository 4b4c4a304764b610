"""Clients that cost next to nothing themselves: they share the machine with what they measure."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

BLOCK = 1_000_000


class Connection:
    """One keep-alive connection that reads answers into one buffer and forgets them."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._http = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = dict(headers or {})
        self._buffer = memoryview(bytearray(BLOCK))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, expected: int = 200, **headers: str) -> int:
        """Fetch a path; how many bytes its body had.

        Raises:
            AssertionError: for another status than `expected`.
        """
        self._http.request("GET", path, headers=self._headers | headers)
        return self._drain(self._http.getresponse(), expected)

    def read(self, path: str) -> tuple[int, bytes]:
        """Fetch a path whatever comes: status and body."""
        self._http.request("GET", path, headers=self._headers)
        answer = self._http.getresponse()
        return answer.status, answer.read()

    def put(
        self, path: str, size: int, content_type: str, expected: Sequence[int], *, method: str = "PUT"
    ) -> None:
        """Send `size` bytes that nobody can compress."""
        headers = {"Content-Length": str(size), "Content-Type": content_type}
        self._http.request(method, path, body=noise(size), headers=self._headers | headers)
        self._drain(self._http.getresponse(), *expected)

    def delete(self, path: str) -> None:
        """Delete what is there."""
        self._http.request("DELETE", path, headers=self._headers)
        self._drain(self._http.getresponse(), 200, 204)

    def _drain(self, answer: HTTPResponse, *expected: int) -> int:
        size = 0
        while length := answer.readinto(self._buffer):
            size += length
        assert answer.status in expected, f"{answer.status} {bytes(self._buffer[:300])!r}"
        return size


_NOISE = b"\0\0\0\x18ftypmp42" + bytes(
    (7 * number * number + number // 3) % 251 for number in range(BLOCK - 12)
)


def noise(size: int) -> Iterator[bytes]:
    """`size` bytes in blocks; the first look like the beginning of an MP4."""
    for start in range(0, size, BLOCK):
        yield _NOISE[: min(BLOCK, size - start)]


def paced(
    url: str,
    path: str,
    headers: Mapping[str, str],
    *,
    per_second: float,
    seconds: float,
    connections: int = 2,
) -> list[float]:
    """Seconds that each answer took, asked for at a steady rate over keep-alive connections.

    A request that had to wait for the answer before it is counted from when it was due, so that one long
    pause shows in every request it held up.
    """
    each = connections / per_second

    def visit(number: int) -> list[float]:
        took = []
        with Connection(url, headers) as connection:
            connection.get(path)
            begin = time.perf_counter() + each * number / connections
            for turn in range(max(1, round(seconds / each))):
                due = begin + turn * each
                if (pause := due - time.perf_counter()) > 0:
                    time.sleep(pause)
                    due = time.perf_counter()  # what the sleep overran is not the server's
                connection.get(path)
                took.append(time.perf_counter() - due)
        return took

    with ThreadPoolExecutor(connections) as pool:
        return [second for line in pool.map(visit, range(connections)) for second in line]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]

"""ffmpeg's `-progress` report, read as it comes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far ffmpeg is."""

    frame: int
    """Video frames written so far; 0 when there is no video output."""
    out_time_seconds: float
    """The end of what has been written, on the output's timeline."""
    total_bytes: int = 0
    """Bytes written to the output; 0 where ffmpeg does not tell."""

    def is_beyond(self, earlier: Progress) -> bool:
        """Whether anything at all has moved since `earlier`."""
        return (
            self.frame > earlier.frame
            or self.out_time_seconds > earlier.out_time_seconds
            or self.total_bytes > earlier.total_bytes
        )


START = Progress(frame=0, out_time_seconds=0.0)

# A line of the report is short; anything longer is not ffmpeg's and is dropped instead of kept in memory.
_LONGEST_LINE = 4096


class ProgressReader:
    """Turns the bytes of `-progress` into `Progress`, one per report, wherever the reads happen to cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Progress]:
        """Take the next bytes; return the reports that became complete."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest if len(rest) <= _LONGEST_LINE else b""
        reports = []
        for line in lines:
            key, _, value = line.decode("utf-8", "replace").partition("=")
            if key.strip() == "progress":  # ffmpeg ends each report with it
                reports.append(_report(self._fields))
                self._fields = {}
            elif len(self._fields) < 100:
                self._fields[key.strip()] = value.strip()
        return reports


def _report(fields: dict[str, str]) -> Progress:
    return Progress(
        frame=max(0, int(_number(fields.get("frame", "")))),
        # `out_time_us` is "N/A" before the first packet and negative during priming.
        out_time_seconds=max(0.0, _number(fields.get("out_time_us", "")) / 1e6),
        total_bytes=max(0, int(_number(fields.get("total_size", "")))),
    )


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e18 else 0.0  # also drops inf and nan

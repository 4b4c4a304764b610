"""Reading what is streamed as ffmpeg and a patient downloader see it, to be held against the files it is made of."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.media.mp4.clips import top
from tests.packaging.play import DECODED

# Packets of AAC that are silent, of one channel and of two.
_SILENCE = {hashlib.md5(bytes.fromhex(packet)).hexdigest() for packet in ("00000007", "21000000001c")}


class Shown(NamedTuple):
    """One decoded frame, or one packet of sound."""

    time: Fraction
    """Seconds since the presentation's beginning."""
    digest: str


@dataclass(frozen=True)
class Stream:
    """A video's playback URLs."""

    base: str
    """With a trailing slash."""

    def get(self, name: str) -> httpx.Response:
        """What is behind a name now."""
        return httpx.get(self.base + name, timeout=60)

    def text(self, name: str) -> str:
        """A playlist or manifest."""
        answer = self.get(name)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        return answer.text

    def tracks(self) -> list[str]:
        """The names of the pictures that the master playlist lists."""
        return _uris(self.text("master.m3u8"))

    def sounds(self) -> list[str]:
        """The names of the sounds that it lists."""
        found = re.findall(r'#EXT-X-MEDIA:TYPE=AUDIO.*URI="([^".]+)\.m3u8', self.text("master.m3u8"))
        return list(found)

    def names(self, track: str) -> list[str]:
        """The init segment and every media segment of a track."""
        text = self.text(f"{track}.m3u8")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return [*re.findall(r'EXT-X-MAP:URI="([^"]+)"', text), *lines]

    def download(self, track: str, folder: Path) -> Path:
        """All of a track in one file, as a player would append it; between segments there must be no gap."""
        path = folder / f"{track}.mp4"
        answers = [self.get(name) for name in self.names(track)]
        assert {answer.status_code for answer in answers} == {200}
        path.write_bytes(b"".join(answer.content for answer in answers))
        spans = [decoded(answer.content) for answer in answers[1:]]
        assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
        return path

    def refusals(self) -> list[str]:
        """What a player asks for and is not given: playlists, and of each track its init, first and last segment."""
        with httpx.Client(base_url=self.base, timeout=60) as player:
            asked = ["master.m3u8", "manifest.mpd"]
            for track in [*self.tracks(), *self.sounds()]:
                init, *segments = self.names(track)
                asked += [f"{track}.m3u8", init, *segments[:1], *segments[1:][-1:]]
            answers = {name: player.get(name) for name in asked}
        return [
            f"{name}: {answer.status_code}" for name, answer in answers.items() if answer.status_code != 200
        ]


def decoded(segment: bytes) -> tuple[int, int]:
    """When the decoding of a media segment begins and ends, in its own ticks."""
    traf = dict(top(dict(top(dict(top(segment))[b"moof"]))[b"traf"]))
    start = int.from_bytes(traf[b"tfdt"][4:], "big")
    flags, count = int.from_bytes(traf[b"trun"][1:4], "big"), int.from_bytes(traf[b"trun"][4:8], "big")
    if not flags & 0x100:  # the duration that all have in common is told first of the defaults
        return start, start + count * int.from_bytes(traf[b"tfhd"][8:12], "big")
    columns = sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    body = traf[b"trun"][8 + 4 * sum(bool(flags & bit) for bit in (0x01, 0x04)) :]
    rows = range(0, 4 * columns * count, 4 * columns)
    return start, start + sum(int.from_bytes(body[at : at + 4], "big") for at in rows)


def pictures(source: str | Path, number: int = 0) -> list[Shown]:
    """Every frame of a video stream."""
    return _read(source, f"v:{number}", DECODED)


def packets(source: str | Path, number: int = 0) -> list[Shown]:
    """Every packet of a sound stream."""
    return _read(source, f"a:{number}", ("-c", "copy"))


def pitch(path: Path) -> float:
    """How often a pure tone swings in a second, heard in the middle of its first two."""
    command = ["ffmpeg", "-v", "error", "-ss", "0.5", "-i", str(path), "-t", "1", "-ac", "1", "-ar", "48000"]
    done = subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, timeout=60, check=True)
    samples = memoryview(done.stdout).cast("h")
    return sum(before < 0 <= after for before, after in pairwise(samples)) * 48000 / len(samples)


def close(found: Sequence[Shown], expected: Sequence[Shown]) -> bool:
    """Whether the same is shown at the same times, to half a tick of the 90 kHz that pictures are told in."""
    return [each.digest for each in found] == [each.digest for each in expected] and all(
        abs(ours.time - theirs.time) <= Fraction(1, 180_000)
        for ours, theirs in zip(found, expected, strict=True)
    )


def heard(found: Sequence[Shown], expected: Sequence[Shown]) -> bool:
    """Whether the same packets come at the same times, after nothing but silence where they begin late."""
    late = len(found) - len(expected)
    return list(found[late:]) == list(expected) and all(
        each.digest in _SILENCE and each.time < expected[0].time for each in found[:late]
    )


def _uris(text: str) -> list[str]:
    return [line.partition(".")[0] for line in text.splitlines() if line and not line.startswith("#")]


def _read(source: str | Path, stream: str, output: Sequence[str]) -> list[Shown]:
    """What ffmpeg makes of a file or URL; any warning of it is a failure."""
    command = ["ffmpeg", "-hide_banner", "-v", "warning", "-nostdin", "-copyts", "-i", str(source)]
    command += ["-map", f"0:{stream}", *output, "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), f"{source} {stream}: {done.stderr}"
    base, found = Fraction(1), []
    for line in done.stdout.splitlines():
        if line.startswith("#tb"):
            base = Fraction(line.split()[-1])
        elif not line.startswith("#"):
            fields = [field.strip() for field in line.split(",")]
            found.append(Shown(int(fields[2]) * base, fields[5]))
    return found

"""What preflight estimates, against what making the videos took: `python -m bench.estimates`.

Not a row of the table: it measures an estimate, not Playhead against somebody. Its numbers are those of
`docs/decisions/0026-preflight.md`, and the constants of `playhead.processing.estimate` follow from them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from bench import clips
from bench.processes import below, cpu_seconds
from tests import drive
from tests.live import Live, serving
from tests.media.samples.real import clip

RESOLUTIONS = ["360p", "720p", "1080p"]
HEAD = 8 * 1024 * 1024
SETTLED_SECONDS = 3.0
"""How long after the end a worker may still tidy up."""

_SOUND = ("-f", "lavfi", "-i", "sine=frequency=300:sample_rate=48000")
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac")
_MADE: dict[str, tuple[str, tuple[str, ...]]] = {
    "black 720p": ("color=c=black:size=1280x720:rate=25:duration=20", _H264),
    "test picture 360p": ("testsrc2=size=640x360:rate=25:duration=20", _H264),
    "fractal 1080p": ("mandelbrot=size=1920x1080:rate=30", ("-t", "8", *_H264)),
    "noise 480p": ("nullsrc=size=854x480:rate=25:duration=8,noise=alls=100:allf=t", _H264),
    "noise 1080p": ("nullsrc=size=1920x1080:rate=30:duration=4,noise=alls=100:allf=t", _H264),
    "very short 240p": ("testsrc2=size=320x240:rate=25:duration=0.2", _H264),
}
_BUNNY: dict[str, tuple[str, ...]] = {
    "film 720p in HEVC": (
        "-t",
        "15",
        "-c:v",
        "libx265",
        "-preset",
        "veryfast",
        "-tag:v",
        "hvc1",
        "-c:a",
        "aac",
    ),
    "film 720p in ProRes": ("-t", "8", "-c:v", "prores_ks", "-c:a", "pcm_s16le", "-f", "mov"),
    "film 360p, 2 min": ("-t", "120", "-vf", "scale=-2:360", *_H264),
}


@dataclass(frozen=True)
class Compared:
    """One film's estimate and its truth."""

    name: str
    estimated: dict[str, dict[str, float]]
    cpu_seconds: float
    bytes: float

    def line(self) -> str:
        """A row of the page's table."""
        cpu, size = self.estimated["cpu_seconds"], self.estimated["bytes"]
        held = cpu["low"] <= self.cpu_seconds <= cpu["high"] and size["low"] <= self.bytes <= size["high"]
        return (
            f"| {self.name} | {cpu['low']:.1f} to {cpu['high']:.1f} | {self.cpu_seconds:.1f} "
            f"| {size['low'] / 1e6:.2f} to {size['high'] / 1e6:.2f} | {self.bytes / 1e6:.2f} "
            f"| {'yes' if held else 'NO'} |"
        )


def films(folder: Path) -> dict[str, Path]:
    """The films, the made ones below `folder`."""
    found = {"film 720p": clip(clips.TRAILER), "camera 1080p": clips.camera(12)}
    for number, (name, (picture, coding)) in enumerate(_MADE.items()):
        path = folder / f"made{number}.mp4"
        _ffmpeg("-f", "lavfi", "-i", picture, *_SOUND, "-shortest", *coding, path)
        found[name] = path
    for number, (name, coding) in enumerate(_BUNNY.items()):
        path = folder / f"film{number}.mov"
        _ffmpeg("-stream_loop", "-1", "-ss", "8", "-i", clip(clips.TRAILER), *coding, path)
        found[name] = path
    return found


def compare(live: Live, name: str, path: Path) -> Compared:
    """Ask beforehand, make the video, and see what it took."""
    with live.http() as http:
        told = _asked(http, path)
        workers = below(live.process.pid, "worker-process")
        before = sum(map(cpu_seconds, workers))
        video = drive.wait(http, drive.upload(http, path, RESOLUTIONS), 1800)
        assert video["status"] == "ready", video
        time.sleep(SETTLED_SECONDS)
        used = sum(map(cpu_seconds, workers)) - before
        unique = {(each["width"], each["height"]): each["size_bytes"] for each in video["renditions"]}
        poster = len(httpx.get(video["poster_url"]).content)
    return Compared(name, told["plan"], used, path.stat().st_size + sum(unique.values()) + poster)


def _asked(http: httpx.Client, path: Path) -> dict[str, Any]:
    size, files = path.stat().st_size, {}
    with path.open("rb") as file:
        for start in (0, max(0, size - HEAD)):
            file.seek(start)
            files[f"range-{start}"] = ("range", file.read(HEAD), "application/octet-stream")
    fields = {"filename": path.name, "size": str(size), "resolutions": ",".join(RESOLUTIONS)}
    answer: dict[str, Any] = http.post("/v1/preflight", data=fields, files=files).raise_for_status().json()
    return answer


def _ffmpeg(*arguments: str | Path) -> None:
    command = ["ffmpeg", "-hide_banner", "-v", "error", "-y", "-nostdin", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=1800)


def main() -> int:
    """Print the table; 1 when an interval did not hold its truth."""
    lines = []
    with TemporaryDirectory(prefix="playhead-estimates-") as root:
        made = films(Path(root))
        with serving(Path(root)) as live:
            for name, path in made.items():
                lines.append(compare(live, name, path).line())
                print(lines[-1], flush=True)
    return int(any("NO" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())

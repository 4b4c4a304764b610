"""The films that rows are measured with: Big Buck Bunny's trailer in other shapes, made once under `.cache/bench`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.media.samples.cache import ROOT, Cache
from tests.media.samples.real import clip

_KEPT = Cache(ROOT.parent / "bench")
TRAILER = "bunny_trailer"
LOOPED_SECONDS = 60
"""Length of what long films repeat: a whole number of frames, of GOPs and of sound packets."""

_FFMPEG = ("ffmpeg", "-hide_banner", "-v", "error", "-y", "-nostdin")
# Closed GOPs of two seconds, as phones and cameras make them: fit to be served as they are.
_GOPS = ("-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-x264-params", "open-gop=0")
_SOUND = ("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2")
_CUT = ("-video_track_timescale", "90000", "-movflags", "+faststart")


@dataclass(frozen=True)
class Recipe:
    """One ffmpeg run over the trailer or over another recipe's film."""

    before: tuple[str, ...]
    """Arguments before `-i`."""
    after: tuple[str, ...]
    """Arguments between the input and the output."""
    suffix: str = ".mp4"
    base: Recipe | None = None

    def identity(self) -> str:
        """What the made bytes depend on."""
        base = self.base.identity() if self.base else TRAILER
        return "\n".join((base, *self.before, *self.after, self.suffix))

    def write(self, target: Path, kept: Cache) -> None:
        """Make the film."""
        source = kept.take(self.base, f"film{self.base.suffix}") if self.base else clip(TRAILER)
        command = [*_FFMPEG, *self.before, "-i", str(source), *self.after, str(target)]
        subprocess.run(command, check=True, capture_output=True, timeout=1800)

    def film(self) -> Path:
        """The film, made now if it is not there yet."""
        return _KEPT.take(self, f"film{self.suffix}")


def camera(seconds: int) -> Path:
    """What a good camera uploads: 1080p30 H.264 with sound, enlarged from the trailer's 720p."""
    return Recipe(
        # From where the picture moves; the trailer repeats until there is enough of it.
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(seconds), "-vf", "fps=30,scale=1920:1080:flags=bicubic", "-pix_fmt", "yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", *_GOPS, *_SOUND, *_CUT),
        ),
    ).film()


def short() -> Path:
    """Four seconds of 640x360 without sound: one chunk for the encoder."""
    return Recipe(
        before=("-ss", "10"),
        after=(
            *("-t", "4", "-vf", "fps=30,scale=640:360", "-an"),
            *("-c:v", "libx264", "-preset", "veryfast", *_GOPS, *_CUT),
        ),
    ).film()


def fit(seconds: int, height: int = 720) -> Path:
    """A film that can be served as it is: H.264 in closed GOPs of two seconds, AAC, `moov` first."""
    return _fit(seconds, height).film()


def fit_matroska(seconds: int, height: int = 720) -> Path:
    """The same film in Matroska."""
    return Recipe(before=(), after=("-c", "copy"), suffix=".mkv", base=_fit(seconds, height)).film()


def _fit(seconds: int, height: int) -> Recipe:
    minute = Recipe(
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(LOOPED_SECONDS), "-vf", f"fps=30,scale=-2:{height}", "-pix_fmt", "yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", *_GOPS, *_SOUND, *_CUT),
        ),
    )
    return _repeated(minute, seconds, _CUT)


def tiny_fit(seconds: int) -> Path:
    """The same with a picture of 128x72, for tables of many hours in a small file."""
    return fit(seconds, height=72)


def foreign(seconds: int) -> Path:
    """What no browser plays: MPEG-4 Part 2 and MP3 in AVI, 640x360."""
    minute = Recipe(
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(LOOPED_SECONDS), "-vf", "fps=30,scale=640:360"),
            *("-c:v", "mpeg4", "-q:v", "6", "-g", "60", "-c:a", "libmp3lame", "-b:a", "96k"),
        ),
        suffix=".avi",
    )
    return _repeated(minute, seconds, ()).film()


def hevc(seconds: int) -> Path:
    """HEVC, as phones record it, 1280x720."""
    minute = Recipe(
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(LOOPED_SECONDS), "-vf", "fps=30", "-pix_fmt", "yuv420p"),
            *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=60"),
            *("-tag:v", "hvc1", *_SOUND, "-movflags", "+faststart"),
        ),
    )
    return _repeated(minute, seconds, ("-tag:v", "hvc1", "-movflags", "+faststart")).film()


def vp9(seconds: int) -> Path:
    """VP9 and Opus in WebM, as browsers record it, 1280x720."""
    minute = Recipe(
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(LOOPED_SECONDS), "-vf", "fps=30", "-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9"),
            *("-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", "1500k", "-g", "60"),
            *("-c:a", "libopus", "-b:a", "96k"),
        ),
        suffix=".webm",
    )
    return _repeated(minute, seconds, ()).film()


def prores(seconds: int) -> Path:
    """ProRes and PCM in MOV, as cameras and editors write it; 480x270, or two hours would take 30 GB."""
    minute = Recipe(
        before=("-stream_loop", "-1", "-ss", "10"),
        after=(
            *("-t", str(LOOPED_SECONDS), "-vf", "fps=30,scale=480:270", "-c:v", "prores_ks"),
            *("-profile:v", "proxy", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"),
        ),
        suffix=".mov",
    )
    return _repeated(minute, seconds, ()).film()


def large(megabytes: int) -> Path:
    """An MP4 of this many MB at least, as an origin serves it."""
    return Recipe(
        before=("-stream_loop", "-1"),
        after=("-c", "copy", "-fs", str(megabytes * 1_000_000), "-movflags", "+faststart"),
    ).film()


def _repeated(minute: Recipe, seconds: int, options: tuple[str, ...]) -> Recipe:
    """The minute again and again, without encoding."""
    if seconds == LOOPED_SECONDS:
        return minute
    return Recipe(
        before=("-stream_loop", "-1"),
        after=("-t", str(seconds), "-c", "copy", *options),
        suffix=minute.suffix,
        base=minute,
    )

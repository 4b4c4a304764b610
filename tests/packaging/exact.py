"""Sources of every shape that a fit one may have, and each held, as it is streamed, against the file it came from."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from playhead.delivery import names
from playhead.delivery.assembled import init, segment
from playhead.delivery.tracks import Pictures, Sound
from playhead.media.mp4 import with_keyframes_checked
from playhead.model.plan import TIMESCALE
from playhead.packaging import Segment, cut
from playhead.packaging.source import segments_on_clock, view
from tests.journeys.streamed import Shown, close, decoded, heard, packets, pictures
from tests.media.mp4.clips import AAC, VFR, X264, FileBytes, ffmpeg, picture, sound
from tests.packaging.play import index, rendered

GOPS = {
    "ip": ("-bf", "0", "-g", "12"),
    "ibp": ("-bf", "2", "-b_strategy", "0", "-g", "25"),
    "pyramid": ("-bf", "5", "-b_strategy", "0", "-g", "30", "-x264-params", "b-pyramid=normal"),
    "open": ("-bf", "2", "-b_strategy", "0", "-g", "25", "-x264-params", "open-gop=1"),
    "long": ("-bf", "3", "-g", "75"),
    "intra": ("-bf", "0", "-g", "1"),
}
RATES = {"film": "24000/1001", "pal": "25", "ntsc": "30000/1001", "fast": "50"}
SHAPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Before the sound's input, and at the output.
    "plain": ((), ("-movflags", "+faststart")),
    "late sound": (("-itsoffset", "0.37"), ()),
    "early sound": (("-itsoffset", "-0.2"), ("-movflags", "+faststart")),
    "negative offsets": ((), ("-movflags", "+negative_cts_offsets")),
    "fragments": ((), ("-movflags", "+frag_keyframe+empty_moov+default_base_moof")),
    "own clock": ((), ("-video_track_timescale", "30000")),
    "varying rate": ((), ("-vf", VFR, "-fps_mode", "vfr")),
    "two sounds": ((), ()),
    "silent": ((), ()),
}
TRIMS = {"trimmed on a key frame": "1.0", "trimmed between": "0.52"}


@dataclass(frozen=True)
class Recipe:
    """How a source is made."""

    gop: str
    rate: str
    shape: str

    def __str__(self) -> str:
        return f"{self.gop}, {self.rate}, {self.shape}"

    def make(self, folder: Path) -> Path:
        """The file."""
        path = folder / f"{self}.mp4".replace(" ", "_").replace(",", "")
        before, after = SHAPES.get(self.shape, ((), ()))
        inputs = [*picture(3.2, RATES[self.rate]), *before, *sound(2.9)]
        maps = ["-map", "0:v", "-map", "1:a"]
        if self.shape == "two sounds":
            inputs += ["-itsoffset", "0.11", *sound(4.5, 880)]
            maps += ["-map", "2:a"]
        if self.shape == "silent":
            maps = ["-map", "0:v"]
        coding = [*X264, *GOPS[self.gop], "-sc_threshold", "0", *AAC]
        if (start := TRIMS.get(self.shape)) is None:
            ffmpeg(*inputs, *maps, *coding, *after, path)
        else:
            whole = folder / "whole.mp4"
            ffmpeg(*inputs, *maps, *coding, whole)
            ffmpeg("-ss", start, "-i", whole, "-map", "0", "-c", "copy", path)
            whole.unlink()
        return path


RECIPES = [Recipe(*each) for each in product(GOPS, RATES, [*SHAPES, *TRIMS])]
SPREAD = RECIPES[::18]
"""A few of each kind."""


@dataclass
class Tally:
    """What was found."""

    sources: int = 0
    fit: int = 0
    frames: int = 0
    packets: int = 0
    segments: int = 0
    keyframes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.sources} sources: {self.fit} streamed as they are ({self.frames} frames, {self.packets}"
            f" packets of sound, {self.segments} segments and {self.keyframes} key frames alone);"
            f" to be encoded: {dict(self.reasons)}"
        )


def hold(recipe: Recipe, folder: Path, tally: Tally) -> None:
    """Stream a source, in memory, and compare."""
    path = recipe.make(folder)
    movie = asyncio.run(with_keyframes_checked(index(path), FileBytes(path)))
    seen = view(movie)
    tally.sources += 1
    if seen.reasons or seen.video is None:
        tally.reasons.update(seen.reasons)
        return
    tally.fit += 1
    lane = seen.video
    parts = segments_on_clock(cut(lane, seen.cuts, TIMESCALE), lane, TIMESCALE)
    shown = Pictures("source", "key", lane, parts, 128, 72)
    frames = pictures(path)
    streamed = asyncio.run(_streamed(shown, path, folder))
    assert close(pictures(streamed), frames), f"{recipe}: frames"
    tally.frames += len(frames)
    tally.segments += len(parts)
    alone = pictures(asyncio.run(_keyframes(shown, parts, path, folder)))
    assert _among(alone, frames), f"{recipe}: key frames"
    assert len(alone) == len(parts)
    tally.keyframes += len(alone)
    tracks = [track for track in movie.tracks if track.kind == "audio"]
    assert len(seen.sounds) == len(tracks), f"{recipe}: sounds"
    for number, each in enumerate(seen.sounds):
        track = Sound(f"audio-{number}", "key", each, cut(each, seen.cuts, TIMESCALE), each.language)
        expected = packets(path, number)
        # Equal times against equal times of the pictures: the two are together to the sample.
        streamed = asyncio.run(_streamed(track, path, folder))
        assert heard(packets(streamed), expected), f"{recipe}: sound {number}"
        tally.packets += len(expected)
        tally.segments += len(track.segments)
    path.unlink()


def _among(alone: list[Shown], frames: list[Shown]) -> bool:
    known = {each.digest: each.time for each in frames}
    return all(abs(known[each.digest] - each.time) < 1e-4 for each in alone)


async def _keyframes(track: Pictures, parts: list[Segment], path: Path, folder: Path) -> Path:
    """The I-frame segments of some parts of a track."""
    made = [rendered(init(track, track.lane), [path])]
    for part in parts:
        name = names.Segment(track.name, track.segments.index(part), keyframe=True)
        made.append(rendered(await segment(track, track.lane, part, name), [path]))
    output = folder / "keyframes.mp4"
    output.write_bytes(b"".join(made))
    return output


async def _streamed(track: Pictures | Sound, path: Path, folder: Path) -> Path:
    """All of a track in one file, as a player would append it; between segments there must be no gap."""
    made = [rendered(init(track, track.lane), [path])]
    for number, part in enumerate(track.segments):
        made.append(
            rendered(await segment(track, track.lane, part, names.Segment(track.name, number)), [path])
        )
    spans = [decoded(each) for each in made[1:]]
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]], "a gap between segments"
    output = folder / "streamed.mp4"
    output.write_bytes(b"".join(made))
    return output

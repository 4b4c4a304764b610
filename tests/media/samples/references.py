"""Files that refer to something else: playlists under media names, data references inside real containers.

Each aims at a `Canary`. Whatever ends up refused or ready, the canary must be left alone. Some reach it
with a careless ffmpeg 5.1 (`live`), so that the bait is known to be alive; the others ffmpeg itself refuses
or ignores, and they are here for other versions and other readers.
"""

from __future__ import annotations

import struct
from itertools import cycle

from tests.media.samples import avi, boxes, playlists
from tests.media.samples.canary import Canary
from tests.media.samples.containers import OLD
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Literal, Recipe, edit
from tests.media.samples.sample import Failed, Outcome, Ready, Sample

REFUSED = Failed("reference_refused")
AS_USUAL = Ready(320, 180, 2.0, frames=50)
SUFFIXES = ("mp4", "mov", "mkv", "webm", "avi", "ts", "mpg", "m3u8", "mpd", "txt")


def reference_samples(canary: Canary) -> tuple[Sample, ...]:
    """Every trick, aimed at this canary. Give them a cache of your own: they differ each time."""
    return (*_texts(canary), *_inside(canary), *_by_name(canary))


def live(sample: Sample) -> bool:
    """Whether a careless ffmpeg 5.1 falls for it."""
    return sample.name.removeprefix("ref_") in playlists.LIVE


def _texts(canary: Canary) -> list[Sample]:
    texts = {
        **playlists.hls(canary),
        **playlists.hls_in_disguise(canary),
        **playlists.manifests(canary),
        **playlists.lists(canary),
    }
    found = []
    for (name, text), suffix in zip(texts.items(), cycle(SUFFIXES), strict=False):
        recipe = Literal(text.encode() if isinstance(text, str) else text)
        either: tuple[Outcome, ...] = (REFUSED, Failed("not_a_video"))
        expect = either if name in playlists.NOT_ALWAYS_SEEN else REFUSED
        found.append(_sample(name, f"holiday.{suffix}", recipe, name.replace("_", " "), expect))
    return found


def _sample(
    name: str, filename: str, recipe: Recipe, why: str, expect: Outcome | tuple[Outcome, ...]
) -> Sample:
    return Sample(f"ref_{name}", "reference", filename, recipe, expect, why)


def url_reference(data: bytes, location: str) -> bytes:
    """The picture's data reference (ISO/IEC 14496-12, 8.7.2) set to an outside location."""
    entry = boxes.make_box("url ", struct.pack(">I", 0), location.encode(), b"\0")
    dref = boxes.make_box("dref", struct.pack(">II", 0, 1), entry)
    return boxes.replace_box(data, "moov/trak/mdia/minf/dinf/dref", dref)


def alias_reference(data: bytes, path: str) -> bytes:
    """The picture's data reference set to a Macintosh alias of `path` (QuickTime File Format, `alis`)."""
    name = path.rpartition("/")[2].encode()[:27]
    volume = b"Macintosh HD"
    fixed = struct.pack(">4sHHH", b"\0" * 4, 0, 2, 0)
    fixed += bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12)
    fixed += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    fixed += struct.pack(">hh", -1, -1) + bytes(16)  # no way from here to there: the absolute path counts
    parts = b"".join(
        struct.pack(">HH", kind, len(text)) + text + (b"\0" if len(text) % 2 else b"")
        for kind, text in ((2, path.encode()), (18, path.encode()), (19, b"/"))
    )
    alias = boxes.make_box("alis", struct.pack(">I", 0), fixed, parts, struct.pack(">HH", 0xFFFF, 0))
    dref = boxes.make_box("dref", struct.pack(">II", 0, 1), alias)
    return boxes.replace_box(data, "moov/trak/mdia/minf/dinf/dref", dref)


def reference_movie(location: str) -> bytes:
    """A QuickTime reference movie: an index that is only an address (`rmra`)."""
    rdrf = boxes.make_box(
        "rdrf", struct.pack(">I4sI", 0, b"url ", len(location) + 1), location.encode(), b"\0"
    )
    return boxes.make_box("moov", boxes.make_box("rmra", boxes.make_box("rmda", rdrf)))


def _inside(canary: Canary) -> tuple[Sample, ...]:
    at_http, path = canary.url("canary.mp4"), str(canary.path("canary.mp4"))
    old_avi = next(sample.make for sample in OLD if sample.name == "avi_mpeg4_b_frames")
    playlist = playlists.hls(canary)["hls_http"]
    outside = (REFUSED, Failed("corrupt_file"))
    base = PLAIN_MOOV_LAST
    return (
        _sample("mov_url", "a.mp4", edit(base, url_reference, at_http), "frames elsewhere", outside),
        _sample(
            "mov_file", "b.mp4", edit(base, url_reference, f"file://{path}"), "frames in a file", outside
        ),
        _sample("mov_alias", "c.mov", edit(base, alias_reference, path), "frames behind an alias", outside),
        _sample("mov_rmra", "d.mov", Literal(reference_movie(at_http)), "a reference movie", outside),
        _sample(
            "gab2_hls", "e.avi", edit(old_avi, avi.add_gab2, playlist), "a playlist as subtitles", AS_USUAL
        ),
        _sample("gab2_srt", "f.avi", edit(old_avi, avi.add_gab2, _SRT), "real subtitles in AVI", AS_USUAL),
    )


_SRT = "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n"


def _by_name(canary: Canary) -> tuple[Sample, ...]:
    """A whole and harmless video, under names that are dangerous when given to ffmpeg as they are."""
    hostile = {
        "sequence": "frame%03d.png",
        "glob": "*.mp4",
        "http": canary.url("canary.mp4"),
        "file": f"file:{canary.path('canary.mp4')}",
        "concat": f"concat:{canary.path('canary.ts')}|{canary.path('canary.ts')}",
        "subfile": f"subfile,,start,0,end,0,,:{canary.path('canary.mp4')}",
        "pipe": "pipe:0",
        "option": "-i.mp4",
        "device": "/dev/video0",
        "lavfi": "movie=canary.mp4",
        "shell": "$(touch pwned).mp4; `id` | x &.mp4",
    }
    why = "harmless, but for its name"
    return tuple(
        _sample(f"name_{name}", filename, PLAIN, why, AS_USUAL) for name, filename in hostile.items()
    )

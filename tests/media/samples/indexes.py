"""Films whose own index asks for much, or says what no film can: ffmpeg makes of them what there is."""

from __future__ import annotations

from tests.media.samples import indexwork
from tests.media.samples.bombs import bomb, made
from tests.media.samples.recipes import build, edit
from tests.media.samples.sample import Ended, Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)

SAMPLES: tuple[Sample, ...] = (
    bomb(
        "avi_piece_again",
        "again.avi",
        build(indexwork.pieces, 500, 16_000),
        Ended(),
        "an index of one piece that is named 16,000 times: eight million frames, a gigabyte",
    ),
    bomb(
        "avi_piece_beyond",
        "beyond.avi",
        build(indexwork.pieces, 1, [(1 << 63, 40)]),
        Ended(),
        "an index that lies where no file reaches",
    ),
    bomb(
        "avi_index_short",
        "short index.avi",
        edit(made("avi_mjpeg"), indexwork.short_index),
        AS_USUAL,
        "an index of two bytes",
    ),
    bomb(
        "mkv_laces",
        "laces.mkv",
        edit(made("mkv"), indexwork.add_laces, 4000),
        (AS_USUAL, Ended()),
        "a million frames without a byte behind the film, in 40 kB",
    ),
    *(
        bomb(
            f"mkv_rate_{name}",
            f"{name}.mkv",
            edit(made("mkv"), indexwork.sound_rate, rate),
            Ended(),
            f"sound at a rate of {rate} hertz",
        )
        for name, rate in (("nan", float("nan")), ("endless", float("inf")), ("huge", 1e30))
    ),
    bomb(
        "mkv_voids",
        "voids.mkv",
        edit(made("mkv"), indexwork.add_voids, 300_000),
        (AS_USUAL, Ended()),
        "300,000 empty elements before the first that says anything",
    ),
    bomb(
        "avi_junk",
        "junk.avi",
        edit(made("avi_mjpeg"), indexwork.junk_behind, 100_000),
        AS_USUAL,
        "100,000 empty chunks behind the frames",
    ),
)

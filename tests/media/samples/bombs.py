"""Small files that ask for much: time, memory, streams, pixels, depth. Each must end quickly, by name."""

from __future__ import annotations

from tests.media.samples import bombwork, boxes
from tests.media.samples.containers import NEW, OLD
from tests.media.samples.flags import FASTSTART, H264_MP4, MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Encode, Recipe, edit, tone
from tests.media.samples.sample import Ended, Failed, Outcome, Ready, Sample
from tests.media.samples.timing import FRAGMENTS

CORRUPT = Failed("corrupt_file")
TOO_LONG = Failed("limit_duration")
TOO_LARGE = Failed("limit_dimensions")
TOO_FAST = Failed("limit_frame_rate")
TOO_MANY = Failed("limit_streams")
AS_USUAL = Ready(320, 180, 2.0, frames=50)
SILENT = Encode(f"{x264('-bf 0')} -an {MP4}", Picture(32, 18, frames=100), ())


def made(name: str) -> Recipe:
    """The recipe of an odd sample of that name."""
    return next(sample.make for sample in (*NEW, *OLD, *FRAGMENTS) if sample.name == name)


def bomb(name: str, filename: str, recipe: Recipe, expect: Outcome | tuple[Outcome, ...], why: str) -> Sample:
    """A sample of this category."""
    return Sample(f"bomb_{name}", "bombs", filename, recipe, expect, why)


def _h264(picture: Picture, extra: str = "") -> Encode:
    return Encode(f"{extra} {x264('-preset ultrafast')} {FASTSTART}", picture, ())


TIME = (
    bomb(
        "100_hours",
        "100h.mp4",
        edit(SILENT, bombwork.stretch, 3600.0),
        TOO_LONG,
        "an hour between two frames, a hundred times",
    ),
    bomb(
        "last_frame_forever",
        "wait.mp4",
        edit(SILENT, bombwork.stretch_last),
        (TOO_LONG, Ready(32, 18, 4.0, 0.2, has_audio=False)),
        "the last frame stays for days: believed, or taken for a slip",
    ),
    bomb(
        "header_says_100_hours",
        "liar.mp4",
        edit(PLAIN, bombwork.claim_length, 360_000),
        AS_USUAL,
        "two seconds that claim 100 hours",
    ),
    bomb(
        "header_says_nothing",
        "modest.mp4",
        edit(PLAIN, bombwork.claim_length, 0),
        AS_USUAL,
        "two seconds that claim none",
    ),
    bomb(
        "edit_for_ever",
        "edit.mp4",
        edit(PLAIN_MOOV_LAST, boxes.set_edits, ((0x7FFFFFFF, 1024),)),
        (AS_USUAL, TOO_LONG),
        "an edit of 25 days over two seconds",
    ),
    bomb(
        "empty_edit_for_ever",
        "late.mp4",
        edit(PLAIN_MOOV_LAST, boxes.set_edits, ((0x7FFFFFFF, -1), (2000, 1024))),
        (TOO_LONG, CORRUPT),
        "25 days of nothing first",
    ),
    bomb(
        "many_edits",
        "scratch.mp4",
        edit(PLAIN_MOOV_LAST, bombwork.repeat_edit, 50_000),
        Ended(),
        "the same second, 50,000 times",
    ),
    bomb(
        "gif_11_minutes_a_frame",
        "slow.gif",
        edit(made("gif"), bombwork.gif_delay, 0xFFFF),
        (Ready(160, 90, 13_107, 700, has_audio=False), TOO_LONG),
        "655 s a frame",
    ),
    bomb(
        "gif_endless",
        "endless.gif",
        Encode("-loop 0 -f gif", Picture(160, 90, "50", 20), ()),
        Ready(160, 90, 0.4, frames=20, has_audio=False),
        "loops for ever",
    ),
    bomb(
        "gif_no_delay",
        "fast.gif",
        edit(made("gif"), bombwork.gif_delay, 0),
        (Ready(160, 90, 2.0, 2.0, has_audio=False), TOO_FAST),
        "no time between frames",
    ),
)

RATES = (
    bomb(
        "1000_fps",
        "1000.mp4",
        Encode(H264_MP4, Picture(rate="1000", frames=500), (tone(0.5),)),
        TOO_FAST,
        "1000 frames a second",
    ),
    bomb(
        "90000_fps",
        "ticks.mp4",
        edit(SILENT, bombwork.squeeze),
        (TOO_FAST, CORRUPT),
        "a frame per tick of the clock",
    ),
    bomb(
        "no_time",
        "zero.mp4",
        edit(SILENT, bombwork.stretch, 0.0),
        (TOO_FAST, CORRUPT, Failed("no_frames")),
        "every frame at the same time",
    ),
    bomb(
        "avi_million_fps",
        "million.avi",
        edit(made("avi_mjpeg"), bombwork.avi_rate, 1, 1_000_000),
        (TOO_FAST, CORRUPT),
        "an AVI of a million frames a second",
    ),
    bomb(
        "avi_zero_scale",
        "zero.avi",
        edit(made("avi_mjpeg"), bombwork.avi_rate, 0, 0),
        Ended(),
        "an AVI that divides by zero",
    ),
    bomb(
        "avi_slow",
        "slow.avi",
        edit(made("avi_mjpeg"), bombwork.avi_rate, 100_000, 1),
        (TOO_LONG, CORRUPT),
        "a frame a day",
    ),
)

PIXELS = (
    bomb("wide", "wide.mp4", _h264(Picture(16_384, 16, frames=2)), TOO_LARGE, "16384 x 16"),
    bomb("tall", "tall.mp4", _h264(Picture(16, 16_384, frames=2)), TOO_LARGE, "16 x 16384"),
    bomb(
        "large_ffv1",
        "huge.mkv",
        Encode("-c:v ffv1 -pix_fmt gray -f matroska", Picture(32_000, 2, frames=1), ()),
        TOO_LARGE,
        "32000 wide",
    ),
    bomb(
        "gif_giant",
        "giant.gif",
        edit(made("gif"), bombwork.gif_size, 65_535, 65_535),
        TOO_LARGE,
        "a GIF of 4 gigapixels",
    ),
    bomb(
        "apng_giant",
        "giant.png",
        edit(made("apng"), bombwork.png_size, 60_000, 60_000),
        (TOO_LARGE, CORRUPT),
        "an APNG of 3.6 gigapixels",
    ),
    bomb(
        "mjpeg_giant",
        "giant.avi",
        edit(made("avi_mjpeg"), bombwork.jpeg_size, 65_500, 65_500),
        (TOO_LARGE, CORRUPT),
        "JPEG frames of 4 gigapixels",
    ),
    bomb(
        "vp8_giant",
        "giant.webm",
        edit(made("webm_vp8"), bombwork.vp8_size, 16_383, 16_383),
        (TOO_LARGE, CORRUPT),
        "VP8 frames of 268 megapixels",
    ),
    bomb(
        "header_giant",
        "header giant.mp4",
        edit(PLAIN_MOOV_LAST, bombwork.entry_size, 65_535, 65_535),
        (AS_USUAL, TOO_LARGE),
        "only the container claims 4 gigapixels",
    ),
    bomb(
        "sar_wide",
        "wide samples.mp4",
        _h264(Picture(frames=10), "-vf setsar=1000/1"),
        TOO_LARGE,
        "samples 1000 times as wide as high",
    ),
    bomb(
        "sar_tall",
        "tall samples.mp4",
        _h264(Picture(frames=10), "-vf setsar=1/1000"),
        TOO_LARGE,
        "samples 1000 times as high as wide",
    ),
)

STREAMS = (
    bomb(
        "900_streams", "many.mp4", edit(PLAIN_MOOV_LAST, bombwork.repeat_track, 898), TOO_MANY, "900 tracks"
    ),
    bomb(
        "100_streams_mkv",
        "many.mkv",
        Encode(
            "-map 0:v -c:v mjpeg -q:v 31 " + "-map 1:a " * 99 + "-c:a pcm_u8 -ar 8000 -ac 1 -f matroska",
            Picture(frames=5),
            (tone(0.2),),
        ),
        TOO_MANY,
        "100 tracks in Matroska",
    ),
    bomb(
        "900_streams_no_frames",
        "shells.mp4",
        edit(edit(PLAIN_MOOV_LAST, boxes.without_samples), bombwork.repeat_track, 898),
        (TOO_MANY, Failed("no_frames")),
        "900 tracks of nothing",
    ),
)

SAMPLES: tuple[Sample, ...] = (*TIME, *RATES, *PIXELS, *STREAMS)

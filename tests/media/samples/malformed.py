"""Small files with impossible insides: tables, boxes, elements and packets that lie about themselves."""

from __future__ import annotations

from tests.media.samples import bombwork
from tests.media.samples.bombs import bomb, made
from tests.media.samples.flags import MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Encode, build, edit
from tests.media.samples.sample import Ended, Failed, Ready, Sample

CORRUPT = Failed("corrupt_file")
AS_USUAL = Ready(320, 180, 2.0, frames=50)
UNPACKED = (CORRUPT, Failed("unsupported_format"), Failed("resource_limit"))

_TABLES = ("stts", "ctts", "stsc", "stsz", "stco", "stss")
TABLES = (
    *(
        bomb(
            f"table_{kind}",
            f"{kind}.mp4",
            edit(PLAIN, bombwork.claim_entries, kind, 0xFFFFFFFF),
            Ended() if kind in ("ctts", "stss") else CORRUPT,
            f"{kind} claims 2^32 entries",
        )
        for kind in _TABLES
    ),
    bomb(
        "table_elst",
        "elst.mp4",
        edit(PLAIN, bombwork.claim_entries, "elst", 0xFFFFFFFF),
        Ended(),
        "elst claims 2^32 entries",
    ),
    bomb(
        "one_size_for_all",
        "stsz equal.mp4",
        edit(PLAIN, bombwork.equal_sizes, 1, 0x7FFFFFFF),
        (CORRUPT, Failed("no_frames")),
        "two thousand million samples of one byte",
    ),
    bomb(
        "fragment_trun",
        "trun.mp4",
        edit(made("fragmented"), bombwork.claim_run, 0xFFFFFFFF),
        Ended(),
        "a fragment of 2^32 samples",
    ),
    bomb(
        "repeated_samples",
        "repeat.mp4",
        edit(Encode(f"{x264(gop=1)} -an {MP4}", Picture(frames=1), ()), bombwork.repeat_sample, 1000),
        (Ready(320, 180, 40.0, 0.2, has_audio=False), CORRUPT),
        "1000 frames, all the same bytes",
    ),
)

SHAPES = (
    bomb(
        "deep",
        "deep.mp4",
        edit(PLAIN, bombwork.nest, 20_000),
        (CORRUPT, Failed("not_a_video"), AS_USUAL),
        "boxes 20,000 deep",
    ),
    bomb(
        "many_boxes",
        "crumbs.mp4",
        edit(PLAIN, bombwork.crumbs, 200_000),
        AS_USUAL,
        "200,000 empty boxes after the end",
    ),
    bomb(
        "box_of_exabytes",
        "exabytes.mp4",
        edit(PLAIN, bombwork.append_box, 1 << 62),
        (AS_USUAL, CORRUPT),
        "a last box of 4 exabytes",
    ),
    bomb(
        "box_too_small",
        "small box.mp4",
        edit(PLAIN, bombwork.append_box, 3),
        (AS_USUAL, CORRUPT),
        "a last box smaller than its header",
    ),
    bomb(
        "first_box_endless",
        "endless.mp4",
        edit(PLAIN, bombwork.first_box_to_end),
        (CORRUPT, Failed("not_a_video")),
        "the first box swallows the file",
    ),
    bomb(
        "header_packed",
        "packed.mov",
        edit(PLAIN_MOOV_LAST, bombwork.pack_moov, None),
        (AS_USUAL, Failed("unsupported_format")),
        "a compressed header, honest",
    ),
    bomb(
        "header_packed_liar",
        "liar.mov",
        edit(PLAIN_MOOV_LAST, bombwork.pack_moov, 0xFFFFFFF0),
        UNPACKED,
        "a compressed header that claims 4 GB",
    ),
    bomb(
        "header_packed_bomb",
        "bomb.mov",
        build(bombwork.packed_zeroes, 100_000_000),
        (*UNPACKED, Failed("no_video_stream")),
        "a compressed header of 100 MB of zeroes",
    ),
    bomb(
        "icc",
        "icc.png",
        edit(made("apng"), bombwork.add_icc, 100_000_000),
        (
            Ready(160, 90, 2.0, frames=20, has_audio=False),
            CORRUPT,
            Failed("resource_limit"),
            Failed("unsupported_format"),
        ),
        "a colour profile that unpacks to 100 MB",
    ),
    bomb(
        "icc_still",
        "icc still.mp4",
        edit(Encode("-c:v png -update 1 -f image2", Picture(frames=1), ()), bombwork.add_icc, 200_000_000),
        Failed("not_a_video"),
        "a still picture with a bomb in it",
    ),
    bomb(
        "mkv_element",
        "element.mkv",
        edit(made("mkv"), bombwork.grow_cluster),
        Ended(),
        "a cluster of 2^56 bytes",
    ),
    bomb(
        "mkv_deep",
        "deep.mkv",
        build(bombwork.deep_ebml, 20_000),
        (CORRUPT, Failed("no_video_stream"), Failed("no_frames")),
        "elements 20,000 deep",
    ),
)

GARBAGE_ENDS = tuple(Failed(code) for code in ("not_a_video", "corrupt_file", "no_video_stream", "no_frames"))
GARBAGE = (
    bomb(
        "ts_garbage",
        "garbage.ts",
        build(bombwork.ts_noise, 2000, 1),
        GARBAGE_ENDS,
        "transport packets of noise",
    ),
    bomb(
        "ts_tables",
        "tables.ts",
        build(bombwork.ts_tables, 2000),
        (*GARBAGE_ENDS, Failed("limit_streams")),
        "a new programme in each packet",
    ),
    bomb(
        "ps_garbage",
        "garbage.mpg",
        build(bombwork.ps_noise, 2000, 2),
        Ended(),
        "program stream packets of noise",
    ),
    bomb(
        "mp3_garbage",
        "garbage.mp3",
        build(bombwork.mp3_noise, 2000, 3),
        GARBAGE_ENDS,
        "MP3 headers around noise",
    ),
    bomb(
        "h264_garbage",
        "garbage.h264",
        build(bombwork.h264_noise, 2000, 4),
        Ended(),
        "start codes around noise",
    ),
)

SAMPLES: tuple[Sample, ...] = (*TABLES, *SHAPES, *GARBAGE)

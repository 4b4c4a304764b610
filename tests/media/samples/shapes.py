"""Odd but legal, part two: orientation, size, sample aspect ratio, cropping."""

from __future__ import annotations

import struct

from tests.media.samples import boxes, bytework
from tests.media.samples.flags import AAC, FASTSTART, H264_MP4, MP4, QUICK, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.recipes import Edit, Encode, edit, tone
from tests.media.samples.sample import Ready, Sample

# What turns the displayed picture back into the coded one, for each matrix.
UNDO = {
    "rotate_90": "transpose=cclock",
    "rotate_180": "hflip,vflip",
    "rotate_270": "transpose=clock",
    "mirror": "hflip",
    "flip": "vflip",
    "mirror_rotate_90": "transpose=clock_flip",
    "mirror_rotate_270": "transpose=cclock_flip",
}


def _turned(name: str) -> Sample:
    sideways = name.endswith(("90", "270"))
    shown = Picture(180, 320) if sideways else Picture(320, 180)
    coded = Encode(f"-vf {UNDO[name]} {x264()} {AAC} {MP4}", shown)
    expect = Ready(shown.width, shown.height, 2.0, frames=50)
    return Sample(
        name,
        "odd",
        f"IMG_{name}.MOV",
        edit(coded, boxes.set_matrix, name),
        expect,
        "display matrix of a phone",
    )


def _sized(width: int, height: int, codec: str, frames: int = 10, why: str = "") -> Sample:
    name, seconds = f"size_{width}x{height}", frames / 25
    marks = width >= 16 and height >= 16
    recipe = Encode(codec, Picture(width, height, frames=frames), (tone(seconds),))
    suffix = "webm" if "webm" in codec else "mkv" if "matroska" in codec else "mp4"
    return Sample(
        name,
        "odd",
        f"{name}.{suffix}",
        recipe,
        Ready(width, height, seconds, frames=frames, marks=marks),
        why,
    )


VP9 = f"-c:v libvpx-vp9 {QUICK} -pix_fmt yuv420p -c:a libopus -f webm"
H264 = f"{x264('-preset ultrafast')} {AAC} {FASTSTART}"
H264_444 = f"{x264(pixels='yuv444p')} {AAC} {FASTSTART}"
FFV1 = f"-c:v ffv1 -pix_fmt yuv420p {AAC} -f matroska"


def _anamorphic(name: str, width: int, height: int, ratio: str, shown: tuple[int, int]) -> Sample:
    recipe = Encode(f"-vf setsar={ratio} {H264_MP4}", Picture(width, height))
    expect = Ready(*shown, 2.0, frames=50)
    return Sample(f"sar_{name}", "odd", f"{name}.mp4", recipe, expect, f"samples are {ratio}, not square")


def _cropped(name: str, pad: str, crop: str) -> Sample:
    # Drawn larger, then cropped away in the H.264 sequence parameter set: what is shown is the inside.
    # 212 lines are coded as 224, so their bottom loses 12 more. On the left, ffmpeg crops in steps of
    # its vector size and shows what it should hide, unless its decoder is told `-flags unaligned`.
    recipe = Encode(f"-vf {pad} -bsf:v h264_metadata={crop} {H264_MP4}")
    return Sample(
        name, "odd", f"{name}.mp4", recipe, Ready(320, 180, 2.0, frames=50), f"bitstream cropping: {crop}"
    )


def _clap(width: int, height: int, right: int = 0, down: int = 0) -> bytes:
    # ISO/IEC 14496-12 section 12.1.4: clean aperture width, height and centre offsets as fractions.
    return boxes.make_box("clap", struct.pack(">8i", width, 1, height, 1, right, 1, down, 1))


SAMPLES: tuple[Sample, ...] = (
    *(_turned(name) for name in UNDO),
    _sized(1, 1, VP9, why="the smallest picture there is"),
    _sized(2, 2, H264, why="the smallest picture H.264 codes in 4:2:0"),
    _sized(16, 16, H264),
    _sized(33, 17, H264_444, why="odd sizes need 4:4:4 in H.264"),
    _sized(641, 359, FFV1, why="odd sizes in 4:2:0"),
    _sized(359, 641, VP9, why="odd and portrait"),
    _sized(2048, 32, H264, why="a banner: 64 times as wide as high"),
    _sized(32, 2048, H264, why="a column"),
    _sized(2560, 1440, H264, frames=5),
    _sized(3840, 2160, H264, frames=3),
    _sized(7680, 4320, H264, frames=2, why="8K, within the limits"),
    _anamorphic("4_3", 240, 180, "4/3", (320, 180)),
    _anamorphic("pal", 720, 576, "16/15", (768, 576)),
    _anamorphic("ntsc", 720, 480, "8/9", (640, 480)),
    _anamorphic("tall", 320, 90, "1/2", (160, 90)),
    Sample(
        "sar_rotated",
        "odd",
        "anamorphic phone.mp4",
        edit(
            Encode(f"-vf transpose=cclock,setsar=4/3 {x264()} {AAC} {MP4}", Picture(180, 240)),
            boxes.set_matrix,
            "rotate_90",
        ),
        Ready(180, 320, 2.0, frames=50),
        "wide samples, then turned: the ratio belongs to the coded picture",
    ),
    _cropped("crop_bitstream", "pad=336:212:0:16:magenta", "crop_right=16:crop_top=16:crop_bottom=28"),
    _cropped("crop_bitstream_left", "pad=336:180:16:0:magenta", "crop_left=16"),
    Sample(
        "clean_aperture",
        "odd",
        "clean aperture.mov",
        edit(
            Encode(f"-vf pad=352:212:16:16:magenta {x264()} {AAC} {MP4}"),
            boxes.extend_entry,
            _clap(320, 180),
        ),
        Ready(320, 180, 2.0, frames=50),
        "a clap box hides a magenta frame; ffmpeg 5.1 does not read it",
    ),
    Sample(
        "clean_aperture_turned",
        "odd",
        "clean aperture, turned.mov",
        edit(
            edit(
                Encode(
                    f"-vf {UNDO['mirror_rotate_90']},pad=352:212:8:24:magenta {x264()} {AAC} {MP4}",
                    Picture(180, 320),
                ),
                boxes.extend_entry,
                _clap(320, 180, -8, 8),
            ),
            boxes.set_matrix,
            "mirror_rotate_90",
        ),
        Ready(180, 320, 2.0, frames=50),
        "a clap box off the centre, then mirrored and turned",
    ),
    Sample(
        "size_changes",
        "odd",
        "call.ts",
        Edit(
            bytework.join,
            (
                Encode(f"{x264()} {AAC} -f mpegts", Picture(frames=25), (tone(1),)),
                Encode(
                    f"{x264()} {AAC} -f mpegts -output_ts_offset 1",
                    Picture(640, 360, frames=25, first=25),
                    (tone(1),),
                ),
            ),
        ),
        Ready(320, 180, 2.0, 0.2, frames=None),
        "the picture's size doubles after a second, as in recorded calls",
    ),
)

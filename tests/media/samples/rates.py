"""Odd but legal, part one: frame rates, from one frame to 240 a second, steady and not."""

from __future__ import annotations

from tests.media.samples.flags import AAC, FASTSTART, H264_MP4, MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.recipes import Edit, Encode, tone
from tests.media.samples.sample import Ready, Sample

STEADY = {
    "1": ("1", 3),
    "15": ("15", 30),
    "23_976": ("24000/1001", 48),
    "24": ("24", 48),
    "25": ("25", 50),
    "29_97": ("30000/1001", 60),
    "30": ("30", 60),
    "50": ("50", 100),
    "59_94": ("60000/1001", 120),
    "60": ("60", 120),
    "120": ("120", 120),
    "240": ("240", 240),
}


def _seconds(rate: str, frames: int) -> float:
    over, _, under = rate.partition("/")
    return frames * int(under or 1) / int(over)


def _steady(name: str, rate: str, frames: int) -> Sample:
    seconds = _seconds(rate, frames)
    recipe = Encode(H264_MP4, Picture(rate=rate, frames=frames), (tone(round(seconds, 3)),))
    # 1 fps: the last frame's second is easily lost or doubled by rate conversion; a frame is the tolerance.
    expect = Ready(320, 180, seconds, max(0.1, seconds / frames), frames=frames)
    return Sample(f"fps_{name}", "odd", f"fps {name}.mp4", recipe, expect, f"{rate} frames a second")


def _variable(name: str, clock: str, frames: int, seconds: float, why: str) -> Sample:
    retime = f"""-vf "settb=1/90000,setpts='({clock})/TB'" """
    # passthrough keeps every frame at its own time; the two clocks let that time through unrounded.
    clocks = "-fps_mode passthrough -enc_time_base 1:90000 -video_track_timescale 90000"
    recipe = Encode(f"{retime} {clocks} {H264_MP4}", Picture(rate="30", frames=frames), (tone(seconds),))
    expect = Ready(320, 180, seconds, 0.15, frames=None)
    return Sample(f"vfr_{name}", "odd", f"VID_{name}.mp4", recipe, expect, why)


SAMPLES: tuple[Sample, ...] = (
    *(_steady(name, rate, frames) for name, (rate, frames) in STEADY.items()),
    _variable("jitter", "N/30+0.004*sin(N*1.7)", 60, 2.0, "a phone's clock: each frame up to 4 ms off"),
    _variable(
        "dim_light",
        "if(lt(N,30),N/30,1+(N-30)/15)",
        60,
        3.0,
        "a phone that drops from 30 to 15 fps in the dark",
    ),
    _variable("long_gap", "if(lt(N,30),N/30,N/30+3)", 60, 5.0, "three seconds without a frame in the middle"),
    _variable("burst", "if(lt(N,10),N/10,1+(N-10)/240)", 130, 1.5, "slow motion mixed in: 10 then 240 fps"),
    Sample(
        "one_frame",
        "odd",
        "one frame.mp4",
        Encode(f"{x264()} {FASTSTART}", Picture(frames=1), ()),
        Ready(320, 180, 0.04, frames=1, has_audio=False),
        "a video of one frame",
    ),
    Sample(
        "one_frame_long_sound",
        "odd",
        "still with music.mp4",
        Encode(H264_MP4, Picture(frames=1)),
        Ready(320, 180, 2.0, frames=None),
        "one frame under two seconds of sound",
    ),
    Sample(
        "long_gop",
        "odd",
        "long gop.mp4",
        Encode(
            f"{x264('-keyint_min 9999 -sc_threshold 0', gop=9999)} {AAC} {FASTSTART}",
            Picture(frames=300),
            (tone(12),),
        ),
        Ready(320, 180, 12.0, frames=300),
        "one keyframe in twelve seconds",
    ),
    Sample(
        "open_gop",
        "odd",
        "open gop.mp4",
        Encode(f"{x264('-x264-params open-gop=1:bframes=3:b-adapt=0', gop=12)} {AAC} {FASTSTART}"),
        Ready(320, 180, 2.0, frames=50),
        "B-frames that refer across keyframes",
    ),
    Sample(
        "all_intra",
        "odd",
        "all intra.mp4",
        Encode(f"{x264(gop=1)} {AAC} {FASTSTART}"),
        Ready(320, 180, 2.0, frames=50),
        "every frame a keyframe: such files have no stss box",
    ),
    Sample(
        "no_b_frames",
        "odd",
        "screen.mp4",
        Encode(f"{x264('-bf 0')} {AAC} {MP4}"),
        Ready(320, 180, 2.0, frames=50),
        "no reordering: such files have no ctts box",
    ),
)

PLAIN = next(sample.make for sample in SAMPLES if sample.name == "fps_25")
"""The file most others are derived from: 320x180, 25 fps, 2 s, H.264 + AAC, `moov` first."""

PLAIN_MOOV_LAST: Encode | Edit = Encode(f"{x264()} {AAC} {MP4}")
"""The same with `moov` last, so that boxes can grow without chunk offsets following."""

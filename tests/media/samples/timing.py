"""Odd but legal, part five: clocks, edit lists, fragments, fields."""

from __future__ import annotations

from tests.media.samples import boxes
from tests.media.samples.flags import AAC, GOP_15, H264_MP4, MP2, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN_MOOV_LAST
from tests.media.samples.recipes import Edit, Encode, edit, tone
from tests.media.samples.sample import Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)

# PLAIN_MOOV_LAST has a movie clock of 1/1000 s, a video clock of 1/12800 s and a sound clock of 1/48000 s.
# Its first picture is at media time 1024 (two B-frames), its first sound at 1024 (the encoder's priming).
_VIDEO, _SOUND, _FIRST = 12_800, 48_000, 1024


def _edited(video: tuple[tuple[int, int], ...], sound: tuple[tuple[int, int], ...]) -> Edit:
    return edit(edit(PLAIN_MOOV_LAST, boxes.set_edits, video, 0), boxes.set_edits, sound, 1)


def _from(seconds: float, clock: int) -> int:
    return int(seconds * clock) + _FIRST


EDITS = (
    Sample(
        "edit_trimmed",
        "odd",
        "trimmed.mp4",
        _edited(((1500, _from(0.48, _VIDEO)),), ((1500, _from(0.48, _SOUND)),)),
        Ready(320, 180, 1.5, frames=None),
        "an edit list that begins 0.48 s in, between keyframes, as phones trim",
    ),
    Sample(
        "edit_trimmed_end",
        "odd",
        "trimmed end.mp4",
        _edited(((1000, _from(0, _VIDEO)),), ((1000, _from(0, _SOUND)),)),
        Ready(320, 180, 1.0, frames=None),
        "an edit list that shows the first second only",
    ),
    Sample(
        "edit_empty_first",
        "odd",
        "late pictures.mp4",
        _edited(((500, -1), (2000, _from(0, _VIDEO))), ((2000, _from(0, _SOUND)),)),
        Ready(320, 180, 2.5, frames=None),
        "an empty edit: half a second without a picture, in which the first is shown already",
    ),
    Sample(
        "edit_none",
        "odd",
        "no edit list.mp4",
        edit(edit(PLAIN_MOOV_LAST, boxes.cut, "moov/trak/edts", 0), boxes.cut, "moov/trak/edts", 0),
        Ready(320, 180, 2.0, 0.15, frames=50),
        "no edit list: the first frame's time is not zero",
    ),
)

FRAGMENTS = (
    Sample(
        "fragmented",
        "odd",
        "fragmented.mp4",
        Encode(f"{x264()} {AAC} -movflags +frag_keyframe+empty_moov+default_base_moof -f mp4"),
        AS_USUAL,
        "fragments, no sidx, no duration in the header",
    ),
    Sample(
        "fragmented_sidx",
        "odd",
        "fragmented sidx.mp4",
        Encode(
            f"{x264()} {AAC} -movflags +frag_keyframe+empty_moov+default_base_moof+global_sidx+dash -f mp4"
        ),
        AS_USUAL,
        "fragments with a global sidx",
    ),
    Sample(
        "fragmented_every_frame",
        "odd",
        "low latency.mp4",
        Encode(f"{x264('-bf 0')} {AAC} -movflags +frag_every_frame+empty_moov+default_base_moof -f mp4"),
        AS_USUAL,
        "a fragment per frame",
    ),
    Sample(
        "fragmented_hybrid",
        "odd",
        "fragmented after moov.mp4",
        Encode(f"{x264()} {AAC} -movflags +frag_keyframe -f mp4"),
        AS_USUAL,
        "the first fragment's samples are in moov, the rest in moof",
    ),
    Sample(
        "negative_cts",
        "odd",
        "negative cts.mp4",
        Encode(f"{x264()} {AAC} -movflags +negative_cts_offsets -f mp4"),
        AS_USUAL,
        "composition offsets below zero (ctts version 1)",
    ),
)

CLOCKS = (
    Sample(
        "ts_late_clock",
        "odd",
        "recorded.ts",
        Encode(f"{x264()} {AAC} -output_ts_offset 3600 -f mpegts"),
        AS_USUAL,
        "a broadcast's clock: the first frame is at one hour",
    ),
    Sample(
        "ts_wrap",
        "odd",
        "midnight.ts",
        # 2^33 / 90 kHz = 95443.7 s; with the muxer's 1.4 s lead the clock wraps about a second in.
        Encode(f"{x264()} {AAC} -output_ts_offset 95441.3 -f mpegts"),
        Ready(320, 180, 2.0, 0.15, frames=None),
        "the 33-bit clock wraps in the middle",
    ),
    Sample(
        "mkv_late_clock",
        "odd",
        "cut from stream.mkv",
        Encode(f"{x264()} -c:a flac -output_ts_offset 100 -f matroska"),
        Ready(320, 180, 2.0, 0.15, frames=50),
        "Matroska that starts at 100 s",
    ),
    Sample(
        "negative_times",
        "odd",
        "negative.mkv",
        Encode(f"{x264()} -c:a flac -output_ts_offset -0.5 -avoid_negative_ts disabled -f matroska"),
        Ready(320, 180, 2.0, 0.6, frames=None, sound_starts_seconds=None),
        "half a second lies before zero; ffmpeg reads those pictures without any time",
    ),
    Sample(
        "avi_no_times",
        "odd",
        "avi b-frames.avi",
        Encode(f"{x264('-bf 2')} -c:a libmp3lame -f avi"),
        Ready(320, 180, 2.0, 0.15, frames=None),
        "H.264 with B-frames in AVI, which has no presentation times",
    ),
)

FIELDS_50 = Picture(720, 576, "50", 50)  # woven into 25 interlaced frames: one second
PAL = Ready(768, 576, 1.0, frames=None)
MPEG2_FIELDS = f"-c:v mpeg2video {GOP_15} -flags +ilme+ildct"
WEAVE = "-vf interlace=scan=tff:lowpass=0,setsar=16/15"


def _fields(name: str, filename: str, codec: str, why: str) -> Sample:
    return Sample(
        f"interlaced_{name}", "odd", filename, Encode(f"{WEAVE} {codec}", FIELDS_50, (tone(1),)), PAL, why
    )


FIELDS = (
    _fields(
        "h264_mbaff",
        "hdv.mts",
        f"{x264('-flags +ilme+ildct -x264opts tff=1')} -c:a ac3 -f mpegts",
        "H.264 MBAFF",
    ),
    _fields(
        "mpeg2",
        "dvd.mpg",
        f"{MPEG2_FIELDS} -top 1 {MP2} -f vob",
        "MPEG-2, top field first",
    ),
    _fields(
        "mpeg2_bff",
        "tape.mpg",
        f"{MPEG2_FIELDS} -top 0 {MP2} -f vob",
        "field order flag says bottom",
    ),
    Sample(
        "telecine",
        "odd",
        "film on ntsc.mpg",
        Encode(
            f"-vf telecine=pattern=23,setsar=8/9 {MPEG2_FIELDS} -top 1 {MP2} -f vob",
            Picture(720, 480, "24000/1001", 24),
            (tone(1),),
        ),
        Ready(640, 480, 1.0, 0.15, frames=None),
        "24 film frames in 30 interlaced ones",
    ),
    Sample(
        "interlaced_flag_lies",
        "odd",
        "not really interlaced.mp4",
        Encode(f"-x264opts fake-interlaced=1 {H264_MP4}"),
        AS_USUAL,
        "progressive pictures flagged as if they might be fields",
    ),
)

FIRST_MOOV = (
    Sample(
        "moov_last", "odd", "straight from encoder.mp4", PLAIN_MOOV_LAST, AS_USUAL, "the index comes last"
    ),
    Sample(
        "quicktime_brand",
        "odd",
        "quicktime.mov",
        Encode(f"{x264()} {AAC} -f mov -movflags +faststart -brand qt"),
        AS_USUAL,
        "QuickTime's brand, moov first",
    ),
    Sample(
        "no_ftyp",
        "odd",
        "old quicktime.mov",
        edit(PLAIN_MOOV_LAST, boxes.rename, "ftyp", "wide"),
        AS_USUAL,
        "QuickTime before 2001 had no ftyp",
    ),
)

SAMPLES: tuple[Sample, ...] = (*EDITS, *FRAGMENTS, *CLOCKS, *FIELDS, *FIRST_MOOV)

"""Odd but legal, part seven: tracks beside the picture and the sound."""

from __future__ import annotations

from tests.media.samples import bytework
from tests.media.samples.flags import AAC, FASTSTART, H264_MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.recipes import Encode, Literal, edit
from tests.media.samples.sample import Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)
WORDS = Literal(b"1\n00:00:00,200 --> 00:00:01,000\nHello\n\n2\n00:00:01,200 --> 00:00:01,900\nWorld\n")
CHAPTERS = Literal(
    b";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
    b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n"
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "subtitles_mp4",
        "odd",
        "with subtitles.mp4",
        Encode(f"-map 0:v -map 1:a -map 2:s -c:s mov_text {H264_MP4}", files=(WORDS,)),
        AS_USUAL,
        "a text track (tx3g)",
    ),
    Sample(
        "subtitles_mkv",
        "odd",
        "with ass.mkv",
        Encode(f"-map 0:v -map 1:a -map 2:s -c:s ass {x264()} {AAC} -f matroska", files=(WORDS,)),
        AS_USUAL,
        "styled subtitles",
    ),
    Sample(
        "subtitles_pictures",
        "odd",
        "from a disc.mkv",
        # The same track under another name: Matroska takes a zero for the end of a text.
        edit(
            Encode(f"-map 0:v -map 1:a -map 2:s -c:s srt {x264()} {AAC} -f matroska", files=(WORDS,)),
            bytework.swap,
            b"S_TEXT/UTF8",
            b"S_HDMV/PGS\0",
        ),
        AS_USUAL,
        "subtitles that are pictures, which are not read",
    ),
    Sample(
        "chapters",
        "odd",
        "with chapters.mp4",
        Encode(f"-map 0:v -map 1:a -map_chapters 2 {H264_MP4}", files=(CHAPTERS,)),
        AS_USUAL,
        "chapters, which MP4 stores as a text track",
    ),
    Sample(
        "timecode",
        "odd",
        "with timecode.mov",
        Encode(f"-timecode 01:00:00:00 {x264()} {AAC} -f mov"),
        AS_USUAL,
        "a timecode track of one sample (tmcd)",
    ),
    Sample(
        "two_pictures",
        "odd",
        "two cameras.mp4",
        Encode(f"-map 0:v -map 0:v -map 1:a -filter:v:1 scale=160:90,negate {x264()} {AAC} {FASTSTART}"),
        AS_USUAL,
        "two video tracks: the first and larger is the video",
    ),
    Sample(
        "subtitles_longer",
        "odd",
        "late words.mkv",
        Encode(
            f"-map 0:v -map 1:a -map 2:s -c:s srt {x264()} {AAC} -f matroska",
            Picture(),
            files=(Literal(b"1\n00:01:00,000 --> 00:01:05,000\nLate\n"),),
        ),
        AS_USUAL,
        "a subtitle a minute after the end does not make the video longer",
    ),
)

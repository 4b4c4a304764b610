"""Encoder options the tables share. Small and quick before pretty: these pictures are never watched."""

from __future__ import annotations

AAC = "-c:a aac -b:a 64k"
MP2 = "-c:a mp2 -b:a 128k"
MP4 = "-f mp4"  # moov last
FASTSTART = "-movflags +faststart -f mp4"  # moov first
GOP_15 = "-g 15 -bf 2 -q:v 4"  # as DVDs and DVB: half a second, two B-frames
QUICK = "-deadline realtime -cpu-used 8 -b:v 300k"  # libvpx's fastest


def x264(extra: str = "", *, pixels: str = "yuv420p", gop: int = 25) -> str:
    """H.264 with B-frames, as cameras and editors make it."""
    return f"-c:v libx264 -preset veryfast -crf 23 -pix_fmt {pixels} -g {gop} {extra}"


def x265(pixels: str = "yuv420p", extra: str = "") -> str:
    """HEVC, tagged as Apple players want it. One pool and one frame thread: the same bytes everywhere."""
    params = "log-level=error:pools=1:frame-threads=1"
    return (
        f"-c:v libx265 -preset ultrafast -crf 24 -pix_fmt {pixels} -x265-params {params} -tag:v hvc1 {extra}"
    )


H264_MP4 = f"{x264()} {AAC} {FASTSTART}"
"""What most files are: H.264 and AAC in an MP4 ready to stream."""

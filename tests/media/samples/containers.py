"""Odd but legal, part four: containers, codecs and pixel formats, old and new."""

from __future__ import annotations

from tests.media.samples import bytework
from tests.media.samples.flags import AAC, FASTSTART, GOP_15, MP2, MP4, QUICK, x264, x265
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN
from tests.media.samples.recipes import Edit, Encode, Recipe, edit, tone
from tests.media.samples.sample import Failed, Outcome, Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)
DV = "-vf setsar=16/15 -c:v dvvideo -pix_fmt yuv420p -c:a pcm_s16le"
SILENT = Ready(320, 180, 2.0, frames=50, has_audio=False)


def _odd(
    name: str,
    filename: str,
    out: str,
    why: str = "",
    *,
    expect: Outcome | tuple[Outcome, ...] = AS_USUAL,
    picture: Picture | None = None,
    lavfi: tuple[str, ...] = (tone(2),),
) -> Sample:
    recipe: Recipe = Encode(out, picture or Picture(), lavfi)
    return Sample(name, "odd", filename, recipe, expect, why)


PIXELS = (
    _odd("h264_10_bit", "camera 10 bit.mp4", f"{x264(pixels='yuv420p10le')} {AAC} {FASTSTART}", "High 10"),
    _odd("h264_4_2_2", "intermediate.mp4", f"{x264(pixels='yuv422p')} {AAC} {FASTSTART}", "High 4:2:2"),
    _odd(
        "h264_4_2_2_10_bit",
        "sony.mp4",
        f"{x264(pixels='yuv422p10le')} {AAC} {FASTSTART}",
        "as cinema cameras record",
    ),
    _odd(
        "h264_4_4_4", "screen 444.mp4", f"{x264(pixels='yuv444p')} {AAC} {FASTSTART}", "High 4:4:4 Predictive"
    ),
    _odd(
        "h264_rgb",
        "screen rgb.mkv",
        f"-c:v libx264rgb -preset veryfast {AAC} -f matroska",
        "H.264 without YUV",
    ),
    _odd(
        "h264_grey",
        "grey.mp4",
        f"{x264(pixels='gray')} {AAC} {FASTSTART}",
        "no colour",
        expect=Ready(320, 180, 2.0, frames=50, marks=False),
    ),
    _odd(
        "h264_full_range",
        "full range.mp4",
        f"{x264('-color_range pc', pixels='yuvj420p')} {AAC} {FASTSTART}",
        "0-255, as webcams record",
    ),
    _odd("h264_lossless", "lossless.mp4", f"{x264('-qp 0', pixels='yuv444p')} {AAC} {FASTSTART}", "qp 0"),
    _odd("hevc", "iphone.mov", f"{x265()} {AAC} -f mov", "HEVC Main"),
    _odd("hevc_10_bit", "iphone 10 bit.mov", f"{x265('yuv420p10le')} {AAC} -f mov", "HEVC Main 10"),
    _odd("hevc_4_2_2", "canon.mp4", f"{x265('yuv422p10le')} {AAC} {MP4}", "HEVC 4:2:2 10 bit"),
    _odd("hevc_12_bit", "deep.mkv", f"{x265('yuv420p12le')} {AAC} -f matroska", "HEVC 12 bit"),
)

OLD = (
    _odd("avi_mpeg2", "tape.avi", f"-c:v mpeg2video {GOP_15} -pix_fmt yuv420p {MP2} -f avi", "MPEG-2 in AVI"),
    _odd(
        "avi_mpeg4_b_frames",
        "divx.avi",
        f"-c:v mpeg4 {GOP_15} -vtag DIVX -c:a libmp3lame -f avi",
        "MPEG-4 ASP",
    ),
    _odd("avi_xvid", "xvid.avi", "-c:v libxvid -q:v 5 -c:a ac3 -f avi", "Xvid"),
    _odd(
        "avi_mjpeg", "camera.avi", "-c:v mjpeg -q:v 4 -pix_fmt yuvj422p -c:a pcm_s16le -f avi", "old cameras"
    ),
    _odd("avi_msmpeg4", "divx 3.avi", "-c:v msmpeg4 -q:v 4 -c:a wmav2 -f avi", "DivX 3"),
    _odd(
        "avi_cinepak",
        "cinepak.avi",
        "-c:v cinepak -c:a adpcm_ms -f avi",
        "1991",
        picture=Picture(160, 120, frames=10),
        lavfi=(tone(0.4),),
        expect=Ready(160, 120, 0.4, frames=10),
    ),
    _odd(
        "avi_raw",
        "raw.avi",
        "-c:v rawvideo -pix_fmt bgr24 -c:a pcm_s16le -f avi",
        "raw RGB, bottom up",
        picture=Picture(160, 90, frames=25),
        lavfi=(tone(1),),
        expect=Ready(160, 90, 1.0, frames=25),
    ),
    _odd(
        "avi_huffyuv", "lossless.avi", "-c:v huffyuv -pix_fmt yuv422p -c:a pcm_s16le -f avi", "capture cards"
    ),
    _odd("mpeg1", "vcd.mpg", f"-c:v mpeg1video {GOP_15} {MP2} -f mpeg", "MPEG-1 program stream"),
    _odd("mpeg_ps", "dvd.mpg", f"-c:v mpeg2video {GOP_15} {MP2} -f vob", "MPEG-2 program stream"),
    _odd(
        "mpeg_es",
        "bare.m2v",
        f"-c:v mpeg2video {GOP_15} -f mpeg2video",
        "MPEG-2 without a container",
        expect=SILENT,
        lavfi=(),
    ),
    _odd("wmv", "windows.wmv", "-c:v wmv2 -q:v 4 -c:a wmav2 -f asf", "Windows Media"),
    _odd("wmv1", "windows 7.wmv", "-c:v wmv1 -q:v 4 -c:a wmav1 -f asf", "Windows Media 7"),
    _odd(
        "ogv",
        "theora.ogv",
        "-c:v libtheora -q:v 6 -pix_fmt yuv420p -c:a libvorbis -f ogg",
        "Theora and Vorbis",
    ),
    _odd(
        "prores",
        "final.mov",
        "-c:v prores_ks -profile:v 2 -pix_fmt yuv422p10le -c:a pcm_s24le -f mov",
        "ProRes 422",
    ),
    _odd(
        "prores_4444_alpha",
        "title.mov",
        "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le -f mov",
        "with transparency",
        expect=SILENT,
        lavfi=(),
    ),
    _odd(
        "dnxhd", "avid.mov", "-c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p -c:a pcm_s16le -f mov", "DNxHR"
    ),
    _odd(
        "dv",
        "minidv.mov",
        f"{DV} -f mov",
        "DV in MOV: 5:4 samples of 16:15",
        picture=Picture(720, 576, frames=25),
        lavfi=(tone(1),),
        expect=Ready(768, 576, 1.0, frames=None),
    ),
    _odd(
        "dv_raw",
        "minidv.dv",
        f"{DV} -f dv",
        "bare DV: on no list that must be supported",
        picture=Picture(720, 576, frames=25),
        lavfi=(tone(1),),
        expect=(Ready(768, 576, 1.0, frames=None), Failed("unsupported_format")),
    ),
    _odd("flv", "flash.flv", "-c:v flv -q:v 4 -c:a libmp3lame -ar 44100 -f flv", "Sorenson H.263"),
    _odd("flv_h264", "rtmp.flv", f"{x264()} {AAC} -f flv", "as RTMP servers record"),
    _odd(
        "3gp",
        "nokia.3gp",
        f"-c:v h263 -q:v 4 {AAC} -f 3gp",
        "H.263: its samples are 12:11",
        picture=Picture(176, 144),
        expect=Ready(192, 144, 2.0, frames=50),
    ),
    _odd(
        "real_media",
        "real.rm",
        "-c:v rv20 -q:v 4 -c:a ac3 -f rm",
        "RealVideo 2",
        picture=Picture(176, 144),
        expect=(
            Ready(176, 144, 2.0, 0.2, frames=None),
            Failed("unsupported_codec"),
            Failed("unsupported_format"),
        ),
    ),
    _odd(
        "mxf",
        "broadcast.mxf",
        "-c:v mpeg2video -g 15 -q:v 4 -pix_fmt yuv422p -c:a pcm_s16le -f mxf",
        "MPEG-2 4:2:2 in MXF",
    ),
    _odd(
        "qt_animation",
        "animation.mov",
        "-c:v qtrle -pix_fmt argb -f mov",
        "QuickTime Animation with alpha",
        picture=Picture(160, 90),
        expect=Ready(160, 90, 2.0, frames=50, has_audio=False),
        lavfi=(),
    ),
)

NEW = (
    _odd("mpeg_ts", "tv.ts", f"{x264()} {AAC} -f mpegts", "H.264 in a transport stream"),
    _odd(
        "m2ts", "camcorder.mts", f"{x264()} -c:a ac3 -mpegts_m2ts_mode 1 -f mpegts", "AVCHD: 192-byte packets"
    ),
    _odd("ts_mpeg2", "dvb.ts", f"-c:v mpeg2video {GOP_15} {MP2} -f mpegts", "MPEG-2 in a transport stream"),
    _odd("mkv", "film.mkv", f"{x264()} -c:a flac -f matroska", "Matroska"),
    _odd("mkv_ffv1", "archive.mkv", "-c:v ffv1 -pix_fmt yuv422p10le -c:a flac -f matroska", "archives"),
    _odd(
        "webm_vp8",
        "vp8.webm",
        f"-c:v libvpx {QUICK} -pix_fmt yuv420p -c:a libvorbis -f webm",
        "VP8",
    ),
    _odd(
        "webm_vp9",
        "vp9.webm",
        f"-c:v libvpx-vp9 {QUICK} -pix_fmt yuv420p -c:a libopus -f webm",
        "VP9",
    ),
    _odd(
        "webm_vp9_alpha",
        "alpha.webm",
        f"-c:v libvpx-vp9 {QUICK} -pix_fmt yuva420p -f webm",
        "VP9 with transparency",
        expect=SILENT,
        lavfi=(),
    ),
    _odd(
        "webm_recorded",
        "MediaRecorder.webm",
        f"-c:v libvpx {QUICK} -pix_fmt yuv420p -c:a libopus -live 1 -f webm",
        "no duration, no cues: what a browser records",
    ),
    _odd("av1", "av1.mp4", f"-c:v libsvtav1 -preset 12 -pix_fmt yuv420p {AAC} {FASTSTART}", "AV1 in MP4"),
    _odd(
        "av1_10_bit",
        "av1.webm",
        "-c:v libsvtav1 -preset 12 -pix_fmt yuv420p10le -c:a libopus -f webm",
        "AV1, 10 bit, in WebM",
    ),
    _odd("h264_es", "bare.h264", f"{x264()} -f h264", "H.264 without a container", expect=SILENT, lavfi=()),
    _odd(
        "ivf",
        "bare.ivf",
        f"-c:v libvpx-vp9 {QUICK} -pix_fmt yuv420p -f ivf",
        "VP9 in IVF",
        expect=SILENT,
        lavfi=(),
    ),
    _odd("nut", "ffmpeg.nut", f"{x264()} {AAC} -f nut", "NUT"),
    _odd(
        "gif",
        "cat.gif",
        "-f gif",
        "animated GIF",
        picture=Picture(160, 90, "10", 20),
        lavfi=(),
        expect=Ready(160, 90, 2.0, frames=20, has_audio=False),
    ),
    _odd(
        "gif_one_frame",
        "still.gif",
        "-f gif",
        "a GIF that does not move",
        picture=Picture(160, 90, "10", 1),
        lavfi=(),
        expect=(Ready(160, 90, 0.1, frames=1, has_audio=False), Failed("not_a_video")),
    ),
    _odd(
        "apng",
        "cat.png",
        "-plays 0 -f apng",
        "animated PNG",
        picture=Picture(160, 90, "10", 20),
        lavfi=(),
        expect=Ready(160, 90, 2.0, frames=20, has_audio=False),
    ),
    _odd(
        "webp_animated",
        "cat.webp",
        "-c:v libwebp_anim -f webp",
        "animated WebP, which ffmpeg 5.1 cannot decode",
        picture=Picture(160, 90, "10", 20),
        lavfi=(),
        expect=Ready(160, 90, 2.0, frames=20, has_audio=False),
    ),
    _odd(
        "y4m",
        "raw.y4m",
        "-pix_fmt yuv420p -f yuv4mpegpipe",
        "raw YUV: on no list that must be supported",
        picture=Picture(160, 90, frames=10),
        lavfi=(),
        expect=(Ready(160, 90, 0.4, frames=10, has_audio=False), Failed("unsupported_format")),
    ),
    _odd(
        "swf",
        "flash.swf",
        "-c:v flv -f swf",
        "Flash: not on the list",
        lavfi=(),
        expect=Failed("unsupported_format"),
    ),
)


def _named(name: str, filename: str, recipe: Recipe, why: str, expect: Outcome = AS_USUAL) -> Sample:
    return Sample(f"named_{name}", "odd", filename, recipe, expect, why)


def _recipe(name: str) -> Recipe:
    return next(sample.make for sample in NEW if sample.name == name)


WRONG_NAMES = (
    _named("mkv_as_mp4", "really mkv.mp4", _recipe("mkv"), "Matroska named .mp4"),
    _named("mp4_as_avi", "really mp4.avi", PLAIN, "MP4 named .avi"),
    _named("ts_as_mov", "really ts.mov", _recipe("mpeg_ts"), "transport stream named .mov"),
    _named(
        "gif_as_mp4",
        "really gif.mp4",
        _recipe("gif"),
        "GIF named .mp4",
        Ready(160, 90, 2.0, frames=20, has_audio=False),
    ),
    _named("nothing", "no extension", PLAIN, "no extension at all"),
    _named("as_jpg", "photo.jpg", PLAIN, "a video named .jpg"),
    _named("as_txt", "notes.txt", PLAIN, "a video named .txt"),
)

DIRTY = (
    Sample(
        "trailing_garbage",
        "odd",
        "trailing.mp4",
        edit(PLAIN, bytework.append_noise, 65_536, 1),
        AS_USUAL,
        "64 kB of noise at the end",
    ),
    Sample(
        "trailing_zeroes",
        "odd",
        "padded.mp4",
        edit(PLAIN, bytework.append_zeroes, 100_000),
        AS_USUAL,
        "padded by a file system",
    ),
    Sample(
        "ts_leading_garbage",
        "odd",
        "tuned in.ts",
        edit(_recipe("mpeg_ts"), bytework.prepend_noise, 1000, 2),
        Ready(320, 180, 2.0, 0.15, frames=None),
        "a recording that began mid-packet",
    ),
    Sample(
        "ts_twice",
        "odd",
        "spliced.ts",
        Edit(bytework.join, (_recipe("mpeg_ts"), _recipe("mpeg_ts"))),
        Ready(320, 180, 4.0, 0.3, frames=None),
        "timestamps jump back in the middle",
    ),
)

SAMPLES: tuple[Sample, ...] = (*PIXELS, *OLD, *NEW, *WRONG_NAMES, *DIRTY)

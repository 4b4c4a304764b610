"""The arguments that stand before every `-i` of a stranger's file, for ffprobe and ffmpeg alike.

They alone refuse every playlist in disguise; the sandbox alone does too. Both are always on.
"""

from __future__ import annotations

from playhead.media.sniff import DEMUXERS

MOST_STREAMS = 64
MOST_PIXELS = 8192 * 8192

# Decoders by ffmpeg's own names, software only. What is not here is `unsupported_codec`: game and screen
# formats of the nineties are most of ffmpeg's code, hardly of its use, and much of its security history.
_VIDEO_DECODERS = (
    "h264 hevc vp8 vp9 libvpx libvpx-vp9 libdav1d av1 libaom-av1 vvc"  # phones, browsers, cameras
    " mpeg1video mpeg2video mpegvideo mpeg4 h261 h263 h263i h263p flv"  # discs, television, old web
    " msmpeg4v1 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1"  # Windows Media
    " theora vp3 vp6 vp6f vp6a rv10 rv20 rv30 rv40 svq1 svq3 cinepak indeo5"  # the web before H.264
    " prores dnxhd cfhd dvvideo hap ffv1 huffyuv ffvhuff utvideo magicyuv qtrle"  # editing
    " rawvideo v210 v408 v410 r210"
    " mjpeg mjpegb png apng gif webp jpeg2000 libopenjpeg"  # animations, cameras' motion JPEG, cover pictures
)
_AUDIO_DECODERS = (
    "aac aac_latm libfdk_aac mp1 mp1float mp2 mp2float mp3 mp3float opus libopus vorbis libvorbis flac alac"
    " ac3 eac3 dca truehd mlp wmav1 wmav2 wmapro wmalossless wmavoice cook sipr real_144 real_288 ralf"
    " amrnb amrwb libopencore_amrnb libopencore_amrwb gsm gsm_ms libgsm libgsm_ms g722 g726 speex libspeex"
    " ape tta wavpack nellymoser qdm2 qdmc qcelp mace3 mace6 atrac3 atrac3plus s302m dvaudio"
    " adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf adpcm_yamaha"
    " pcm_alaw pcm_mulaw pcm_u8 pcm_s8 pcm_s8_planar pcm_bluray pcm_dvd"
    " pcm_s16le pcm_s16be pcm_s16le_planar pcm_s16be_planar pcm_u16le pcm_u16be pcm_s24le pcm_s24be"
    " pcm_s24le_planar pcm_s32le pcm_s32be pcm_s32le_planar pcm_f32le pcm_f32be pcm_f64le pcm_f64be"
)
# Text to cues: chosen apart, and never burnt into pictures.
_SUBTITLE_DECODERS = "mov_text subrip srt webvtt ass ssa text"

# Subtitles that are pictures: never read, but films have them.
_PICTURE_SUBTITLES = ("dvdsub", "dvbsub", "pgssub", "xsub", "cc_dec", "libzvbi_teletextdec")

DECODERS: tuple[str, ...] = tuple(f"{_VIDEO_DECODERS} {_AUDIO_DECODERS} {_SUBTITLE_DECODERS}".split())


def input_arguments(demuxer: str | None) -> tuple[str, ...]:
    """Return what must stand before `-i`.

    `demuxer` is what `sniff` chose, and is forced; None only for our own pieces and the sniffer's tests, and
    then any demuxer that `sniff` can choose may be guessed.
    """
    demuxers = (demuxer,) if demuxer else DEMUXERS
    return (
        # The one way in, also for what a demuxer itself opens: no network, no pipes of other processes.
        *("-protocol_whitelist", "file"),
        # Demuxers that open others (AVI with subtitles inside) may open only what the outer one may be.
        *("-format_whitelist", ",".join(demuxers)),
        # A known codec at a known place in the code; named so that both ends agree on what is supported.
        *("-codec_whitelist", ",".join(DECODERS)),
        # 1 MB with 900 streams took 1.4 GB of memory to probe.
        *("-max_streams", str(MOST_STREAMS)),
        # Enough for a stream that starts late, bounded for one that never does: bytes, then microseconds.
        *("-probesize", "20000000"),
        *("-analyzeduration", "10000000"),
        # In the decoder as well, for frames that are larger than the header claims.
        *("-max_pixels", str(MOST_PIXELS)),
        # Crop exactly as the bitstream says, not in steps of the processor's vectors.
        *("-flags", "unaligned"),
        *(("-f", demuxer) if demuxer else ()),
    )


def beside_the_film(unlisted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return what lets ffprobe read a file with tracks that we do not decode; stands after `input_arguments`.

    ffprobe opens a decoder for every stream, asked for or not, and gives up at the first that it may not open.
    Those of pictures in subtitles, and any `unlisted`, may be opened for sound and subtitles; guessing what a
    stream holds, which decodes, still keeps to `DECODERS`.
    """
    return (
        # For these kinds of streams alone, over the list for all of them that stands before.
        *("-codec_whitelist:a", ",".join((*DECODERS, *unlisted))),
        *("-codec_whitelist:s", ",".join((*DECODERS, *_PICTURE_SUBTITLES, *unlisted))),
    )

"""What ffmpeg calls the codec of a sample entry: for telling a source's owner before ffmpeg has seen it."""

from __future__ import annotations

from playhead.media.mp4.codec import configuration, decoder_config
from playhead.model.errors import PlayheadError

_PICTURES = {
    "h264": "avc1 avc2 avc3 avc4 dva1 dvav ai12 ai13 ai15 ai1q ai52 ai53 ai55 ai5q AVin xalg",
    "hevc": "hvc1 hev1 dvh1 dvhe",
    "vvc": "vvc1 vvi1",
    "av1": "av01",
    "vp8": "vp08",
    "vp9": "vp09",
    "prores": "apcn apch apcs apco ap4h ap4x aprn aprh",
    "dnxhd": "AVdn AVdh",
    "mjpeg": "jpeg mjpa dmb1 AVDJ",
    "mjpegb": "mjpb",
    "mpeg1video": "mpeg mp1v m1v m1v1",
    "mpeg2video": "m2v1 mp2v mpg2 hdv1 hdv2 hdv3 hdv5 hdv6 hdv7 hdv8 hdv9 hdva"
    " mx3n mx3p mx4n mx4p mx5n mx5p xdv1 xdv2 xdv3 xdv4 xdv5 xdv6 xdv7 xdv8 xdv9 xdva xdvb"
    " xd50 xd51 xd54 xd55 xd59 xd5a xd5b xd5c xd5d xd5e xd5f",
    "mpeg4": "DIVX XVID 3IV2",
    "h263": "h263 s263 H263",
    "dvvideo": "dvc dvcp dvpp dv5p dv5n dvh5 dvh6 dvhp dvhq dvh2 dvh3 dvsd dv1p dv1n AVdv AVd1",
    "cfhd": "CFHD",
    "hap": "Hap1 Hap5 HapY HapA HapM",
    "cinepak": "cvid",
    "svq1": "SVQ1 svq1 svqi",
    "svq3": "SVQ3",
    "qtrle": "rle",
    "rawvideo": "raw 2vuy yuv2 yuvs yuvu v308 yv12 j420 I420 BGRA ABGR RGBA b16g b48r b64a",
    "v210": "v210",
    "v408": "v408",
    "v410": "v410",
    "r210": "r210",
    "png": "png MNG",
    "gif": "gif",
    "jpeg2000": "mjp2",
    "ffv1": "FFV1",
    "theora": "XiTh",
    "vc1": "vc-1 WVC1",
    "wmv3": "WMV3",
    "vp6f": "VP6F",
    "flv": "FLV1",
}
_SOUNDS = {
    "mp3": ".mp3 ms\0U mp3",
    "ac3": "ac-3 sac3",
    "eac3": "ec-3",
    "opus": "Opus",
    "flac": "fLaC",
    "vorbis": "vorb",
    "alac": "alac",
    "dts": "dtsc dtsh dtsl dtse DTS",
    "truehd": "mlpa",
    "pcm_s16le": "sowt",
    "pcm_s16be": "twos",
    "pcm_s24be": "in24",
    "pcm_s32be": "in32",
    "pcm_f32be": "fl32",
    "pcm_f64be": "fl64",
    "pcm_alaw": "alaw",
    "pcm_mulaw": "ulaw",
    "pcm_u8": "raw",
    "amr_nb": "samr",
    "amr_wb": "sawb",
    "adpcm_ima_qt": "ima4",
    "gsm": "agsm",
    "qcelp": "Qclp Qclq sqcp",
    "qdm2": "QDM2",
    "mace3": "MAC3",
    "mace6": "MAC6",
}
_BY_FOURCC = {
    kind: {fourcc: codec for codec, listed in table.items() for fourcc in listed.split()}
    for kind, table in (("video", _PICTURES), ("audio", _SOUNDS))
}
# ISO/IEC 14496-1, table 5, with what the registration authority has added.
_BY_OBJECT_TYPE = {
    0x20: "mpeg4",
    0x21: "h264",
    0x23: "hevc",
    0x40: "aac",
    **dict.fromkeys(range(0x60, 0x66), "mpeg2video"),
    **dict.fromkeys((0x66, 0x67, 0x68), "aac"),
    0x69: "mp3",
    0x6A: "mpeg1video",
    0x6B: "mp3",
    0x6C: "mjpeg",
    0x6D: "png",
    0x6E: "jpeg2000",
    0xA3: "vc1",
    0xA5: "ac3",
    0xA6: "eac3",
    0xA9: "dts",
    0xAD: "opus",
    0xB1: "vp9",
    0xDD: "vorbis",
    0xE1: "qcelp",
}


def codec_name(kind: str, entry: bytes) -> str | None:
    """ffmpeg's name for the codec of a raw sample entry of a `video` or `audio` track; None when not known here."""
    fourcc = entry[4:8].decode("latin-1")
    if fourcc in ("mp4v", "mp4a"):
        try:
            esds = configuration(entry, b"esds")
            return None if esds is None else _BY_OBJECT_TYPE.get(decoder_config(esds)[0])
        except PlayheadError:
            return None
    return _BY_FOURCC[kind].get(fourcc.strip())

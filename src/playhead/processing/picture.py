"""What must be done to a source's pixels, by what is known of them: colours, cropping, transparency. Pure."""

from __future__ import annotations

from playhead.media.ffmpeg.pictures import ALPHA_DECODERS
from playhead.model.media import VideoTrack
from playhead.model.plan import ColorConversion

PEAK_NITS = 1000
"""How bright HDR gets that does not tell: what most of it is graded for."""
BRIGHTEST_NITS = 10_000
_TRANSFERS = {"smpte2084": "pq", "arib-std-b67": "hlg"}
_PRIMARIES = {"bt2020": "bt2020", "smpte432": "p3", "bt709": "bt709"}
_SEE_THROUGH_CODECS = frozenset(
    {
        *("vp8", "vp9", "prores", "qtrle", "png", "apng", "gif", "webp"),
        *("ffv1", "utvideo", "magicyuv", "cfhd", "hap"),
    }
)
"""Codecs whose fourth channel means something. In others, raw video for one, it is mostly left at zero."""
_SEE_THROUGH_FORMATS = ("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8")


def conversion(video: VideoTrack) -> ColorConversion | None:
    """What it takes to bring a picture's colours to BT.709; None when a change of matrix does."""
    transfer = _TRANSFERS.get(video.color_transfer or "", "sdr")
    told = video.color_primaries or ("bt2020" if transfer != "sdr" or _is_2020(video) else "")
    primaries = _PRIMARIES.get(told)
    if transfer == "sdr" and primaries in (None, "bt709"):
        return None
    peak = PEAK_NITS if transfer == "hlg" or not video.peak_nits else min(video.peak_nits, BRIGHTEST_NITS)
    return ColorConversion(transfer=transfer, primaries=primaries or "bt2020", peak_nits=peak)


def _is_2020(video: VideoTrack) -> bool:
    return video.color_space in ("bt2020nc", "bt2020c")


def matrix(video: VideoTrack) -> str:
    """How the picture's YUV is to be read, as the scaler names it."""
    tagged = video.color_space
    if _is_2020(video) or (tagged is None and video.color_primaries == "bt2020"):
        return "bt2020"
    if tagged in ("smpte170m", "bt470bg", "fcc"):
        return "smpte170m"
    if tagged is not None:
        return "bt709"
    # Untagged: what players assume, high definition is BT.709 and everything below it BT.601.
    return "bt709" if min(video.width, video.height) >= 720 else "smpte170m"


def see_through(video: VideoTrack) -> bool:
    """Whether a fourth channel says how much of each pixel is there."""
    return video.codec in _SEE_THROUGH_CODECS and any(
        form in video.pixel_format for form in _SEE_THROUGH_FORMATS
    )


def decoder(video: VideoTrack) -> str | None:
    """The decoder that is needed to see the fourth channel; None where ffmpeg's own choice will do."""
    return ALPHA_DECODERS.get(video.codec) if see_through(video) else None

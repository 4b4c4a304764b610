"""The filters that make of a decoded picture the one that is meant to be seen, in BT.709. Pure."""

from __future__ import annotations

from playhead.media.colors import CUBE
from playhead.model.plan import TIMESCALE, Plan

_SCALER = "flags=bicubic+accurate_rnd+full_chroma_int"
"""Bicubic, because the fast bilinear scaler ruins small sizes in a cascade; chroma as exact as luma."""

_FROM_601 = (
    # Only the matrix differs: primaries and transfer are said to be the same, whatever the file's tags say.
    "colorspace=ispace=smpte170m:iprimaries=bt709:itrc=bt709:irange=tv"
    ":space=bt709:primaries=bt709:trc=bt709:range=tv"
)
"""From BT.601 to BT.709 without leaving YUV: the scaler goes by way of RGB, which takes as long as all the rest of
an encode of a small film."""

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""WebM keeps what is see-through beside each frame, as a picture of its own (BlockAdditional), which ffmpeg's own
decoders of these drop."""

WAVEFORM = "0x6f9bff"
"""The colour of a drawn sound, on black."""
DRAWN_WIDTH, DRAWN_HEIGHT = 1920, 1080
"""The size a waveform is drawn at, from which smaller ones are scaled."""
_DRAWN_RATE, _DRAWN_SAMPLES = 8000, 3600 * 8000
"""Samples a second that are drawn, and how many at most: the filter holds them all, 320 MB for an hour of these."""
_FINEST_RATE = 96_000
"""Samples a second that are drawn of a sound so short that it would have too few: there must be one a column."""


def decoded(decoder: str | None, stream: int) -> tuple[str, ...]:
    """The arguments before `-i` that choose the decoder of one stream; none for ffmpeg's own choice."""
    # By its number: a cover picture beside it has another codec.
    return (f"-c:{stream}", decoder) if decoder else ()


def drawn(plan: Plan) -> str:
    """The filters that make one picture of a whole sound: its waveform, loudest where it is tallest."""
    finer = min(_FINEST_RATE, 2 * DRAWN_WIDTH * TIMESCALE // plan.duration)
    rate = min(max(_DRAWN_RATE, finer), _DRAWN_SAMPLES * TIMESCALE // plan.duration)
    return (
        # Silence behind a shorter one, of which the filter would make no picture.
        f"aresample={rate},aformat=sample_fmts=s16:channel_layouts=mono,apad=whole_len={DRAWN_WIDTH},"
        # The root, or speech would be a line with a few needles; solid, so that it can be seen when small.
        f"showwavespic=size={DRAWN_WIDTH}x{DRAWN_HEIGHT}:colors={WAVEFORM}:scale=sqrt:draw=full"
    )


def seen(plan: Plan) -> list[str]:
    """Filters for what is shown of a source's picture, at its own size and in its own colours."""
    filters = []
    if plan.deinterlace:
        filters.append(
            "bwdif=mode=send_frame:deint=interlaced"
        )  # one frame out for one in, only where flagged
    if plan.crop is not None:
        crop = plan.crop
        # exact: or an odd offset would be rounded to where chroma samples are.
        filters.append(f"crop={crop.width}:{crop.height}:{crop.left}:{crop.top}:exact=1")
    if plan.over_black:
        # Each channel times the fourth: what is see-through shows black, not what happens to be stored there.
        filters += [f"scale={_SCALER}:in_color_matrix={plan.color_matrix}", "format=gbrap10le"]
        filters.append("premultiply=inplace=1")
    return filters


def sized(plan: Plan, width: int, height: int, *, range_: str = "tv", matrix: str = "bt709") -> list[str]:
    """Filters that bring a source's picture to a size and to the output's colours.

    Where `plan.color` is set they read its table, which `media.colors.place` puts into the scratch folder.
    Scaled first: converting colours costs by the pixel, and there are fewer of them then.
    """
    to_size = f"scale={width}:{height}:{_SCALER}:in_color_matrix={plan.color_matrix}"
    to_output = f"out_color_matrix={matrix}:out_range={range_}"
    if plan.color is None and (plan.color_matrix, matrix, range_) == ("smpte170m", "bt709", "tv"):
        return [f"{to_size}:out_color_matrix=smpte170m:out_range=tv", "format=yuv420p", _FROM_601]
    if plan.color is None:
        return [f"{to_size}:{to_output}"]
    return [
        to_size,
        "format=gbrp10le",  # the table is of red, green and blue; ten bits, so that gradients stay smooth
        f"lut3d=file={CUBE}:interp=tetrahedral",  # keeps greys grey between the table's points
        f"scale={_SCALER}:{to_output}",
    ]


def resized(width: int, height: int) -> str:
    """The filter that makes a smaller picture of one that `sized` has made."""
    return f"scale={width}:{height}:{_SCALER}:in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv"

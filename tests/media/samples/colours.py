"""Odd but legal, part six: colour spaces. All show the same picture once converted as their tags say."""

from __future__ import annotations

import struct

from tests.media.samples import boxes, bytework
from tests.media.samples.flags import AAC, FASTSTART, MP4, x264, x265
from tests.media.samples.recipes import Encode, Recipe, edit, tone
from tests.media.samples.sample import Failed, Outcome, Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)
TEN = "yuv420p10le"
RPU = bytes.fromhex("1908090807") + bytes(range(1, 250)) + b"\x80"
"""Dolby Vision metadata that begins as it should and means nothing: ffmpeg complains of each, and shows the base."""
FROM_RGB = "zscale=matrixin=gbr:primariesin=bt709:transferin=bt709:rangein=full"


def _tagged(name: str, filename: str, to: str, codec: str, why: str, pixels: str = "yuv420p") -> Sample:
    # npl: how many nits the test picture's white becomes in a high dynamic range (ITU-R BT.2408: 203).
    convert = f"-vf format=gbrp,{FROM_RGB}:{to}:npl=203,format={pixels}"
    return Sample(
        f"colour_{name}", "odd", filename, Encode(f"{convert} {codec} {AAC} {FASTSTART}"), AS_USUAL, why
    )


def _dolby(
    profile: int,
    compatible: int,
    expect: Outcome,
    why: str,
    *,
    rpus: bool = False,
    transfer: str = "smpte2084",
) -> Sample:
    # The configuration record of "Dolby Vision Streams within the ISO Base Media File Format", section 3.2:
    # version 1.0; profile, level 4, metadata but no enhancement layer; what the base layer is compatible with.
    flags = profile << 9 | 4 << 3 | 0b101
    record = struct.pack(">BBHB", 1, 0, flags, compatible << 4) + bytes(19)
    box = boxes.make_box("dvcC" if profile < 8 else "dvvC", record)
    to = f"matrix=2020_ncl:primaries=2020:transfer={transfer}:range=limited"
    codec = x265(TEN, _tags("bt2020", transfer, "bt2020nc"))
    convert = f"-vf format=gbrp,{FROM_RGB}:{to}:npl=203,format={TEN} {codec}"
    base: Recipe = Encode(f"{convert} {AAC} {MP4}")
    name = f"dolby_vision_{profile}"
    if rpus:
        # As phones write it: the metadata lies in the stream, a NAL unit behind every picture.
        name += f"_{compatible}_rpu"
        pictures = edit(Encode(f"{convert} -bf 0 -f hevc", lavfi=()), bytework.with_rpus, RPU)
        tagged = f"-map 1:v -map 0:a -c:v copy -tag:v hvc1 -bsf:v setts=ts=N*48000 {AAC} {MP4}"
        base = Encode(tagged, None, (tone(2),), (pictures,))
    return Sample(name, "odd", f"{name}.mp4", edit(base, boxes.extend_entry, box), expect, why)


def _tags(primaries: str, transfer: str, matrix: str) -> str:
    return f"-color_primaries {primaries} -color_trc {transfer} -colorspace {matrix} -color_range tv"


SAMPLES: tuple[Sample, ...] = (
    _tagged(
        "bt601",
        "dvd colours.mp4",
        "matrix=470bg:primaries=bt470bg:transfer=601:range=limited",
        x264(_tags("bt470bg", "smpte170m", "bt470bg")),
        "BT.601, tagged",
    ),
    _tagged(
        "bt709",
        "hd colours.mp4",
        "matrix=709:primaries=709:transfer=709:range=limited",
        x264(_tags("bt709", "bt709", "bt709")),
        "BT.709, tagged",
    ),
    _tagged(
        "bt2020_sdr",
        "wide gamut.mp4",
        "matrix=2020_ncl:primaries=2020:transfer=2020_10:range=limited",
        x265(TEN, _tags("bt2020", "bt2020-10", "bt2020nc")),
        "BT.2020 primaries with the usual brightness",
        TEN,
    ),
    _tagged(
        "p3",
        "phone screen.mp4",
        "matrix=709:primaries=smpte432:transfer=709:range=limited",
        x264(_tags("smpte432", "bt709", "bt709")),
        "Display P3, as phones record SDR",
    ),
    _tagged(
        "hdr10",
        "hdr10.mp4",
        "matrix=2020_ncl:primaries=2020:transfer=smpte2084:range=limited",
        x265(TEN, _tags("bt2020", "smpte2084", "bt2020nc")),
        "HDR10: PQ, must be tone-mapped",
        TEN,
    ),
    _tagged(
        "hlg",
        "hlg.mp4",
        "matrix=2020_ncl:primaries=2020:transfer=arib-std-b67:range=limited",
        x265(TEN, _tags("bt2020", "arib-std-b67", "bt2020nc")),
        "HLG, as phones record",
        TEN,
    ),
    _dolby(8, 1, AS_USUAL, "Dolby Vision over HDR10, as phones record"),
    _dolby(8, 1, AS_USUAL, "its metadata in the stream, over HDR10", rpus=True),
    _dolby(8, 4, AS_USUAL, "its metadata in the stream, over HLG", rpus=True, transfer="arib-std-b67"),
    _dolby(
        5, 0, Failed("unsupported_codec"), "Dolby Vision alone: what is left without it is green and pink"
    ),
)

BACK = {
    "colour_bt2020_sdr": "zscale=matrix=gbr:primaries=709:transfer=709:range=full,format=gbrp",
    "colour_hdr10": "zscale=matrix=gbr:primaries=709:transfer=709:range=full:npl=203,format=gbrp",
    "colour_p3": "zscale=matrix=gbr:primaries=709:transfer=709:range=full,format=gbrp",
    "dolby_vision_8": "zscale=matrix=gbr:primaries=709:transfer=709:range=full:npl=203,format=gbrp",
    "dolby_vision_8_1_rpu": "zscale=matrix=gbr:primaries=709:transfer=709:range=full:npl=203,format=gbrp",
    "dolby_vision_8_4_rpu": "zscale=matrix=gbr:primaries=709:transfer=709:range=full:npl=203,format=gbrp",
    "colour_hlg": "zscale=matrix=gbr:primaries=709:transfer=709:range=full:npl=203,format=gbrp",
}
"""For each that plain scaling shows wrongly, a filter that shows it right (its peak is the white of SDR)."""

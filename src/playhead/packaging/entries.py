"""Sample entries made fit for any MP4: what belongs to one file, or to QuickTime alone, is left out."""

from __future__ import annotations

import struct

from playhead.media.mp4 import configuration, decoder_config, without_bit_rates
from playhead.packaging.boxes import box

_VISUAL_BOXES = (b"avcC", b"hvcC", b"av1C", b"vpcC", b"colr", b"pasp", b"clli", b"mdcv")
_SOUND_BOXES = (b"esds", b"dOps", b"dac3", b"dec3", b"dfLa")
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def visual_entry(entry: bytes) -> bytes:
    """A picture's sample entry with its configuration, colour and pixel aspect.

    `btrt` goes: it tells one file's bit rate, so it would make equal entries of two pieces differ.

    Raises:
        PlayheadError: `corrupt_file` when the entry's boxes are damaged.
    """
    fields = entry[8:14] + b"\0\1" + entry[16:86]  # the data reference is this very file
    boxes = ((kind, configuration(entry, kind)) for kind in _VISUAL_BOXES)
    return box(
        entry[4:8], fields, *(box(kind, _colour(kind, body)) for kind, body in boxes if body is not None)
    )


def sound_entry(entry: bytes) -> bytes:
    """A sound's sample entry in ISO's own form (section 12.2.3), whatever version of QuickTime's it was.

    Bit rates go, as `btrt` does of pictures: sound is streamed from its stretches before it is whole.

    Raises:
        PlayheadError: `corrupt_file` when the entry's boxes are damaged.
    """
    channels, bits = struct.unpack_from(">HH", entry, 24)
    rate = entry[32:36]
    esds = configuration(entry, b"esds")
    aac = _aac_format(esds) if esds else None
    if entry[16:18] == b"\0\2" and aac:  # QuickTime's version 2 keeps neither number in the old fields
        channels, bits, rate = aac[1], 16, struct.pack(">I", aac[0] << 16)
    fields = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HH", channels, bits) + bytes(4) + rate
    boxes = ((kind, configuration(entry, kind)) for kind in _SOUND_BOXES)
    return box(
        entry[4:8],
        fields,
        *(
            box(kind, without_bit_rates(body) if kind == b"esds" else body)
            for kind, body in boxes
            if body is not None
        ),
    )


def _colour(kind: bytes, body: bytes) -> bytes:
    """QuickTime's `nclc` colour in ISO's `nclx` form, which adds the range; video range is its only one."""
    if kind == b"colr" and body[:4] == b"nclc" and len(body) == 10:
        return b"nclx" + body[4:] + b"\0"
    return body


def _aac_format(esds: bytes) -> tuple[int, int] | None:
    """Sample rate in Hz and channels of an AAC configuration (ISO/IEC 14496-3, 1.6.2.1), if it is plain."""
    config = decoder_config(esds)[1]
    if len(config) < 2 or config[0] >> 3 == 31:
        return None
    rate, channels = (config[0] & 7) << 1 | config[1] >> 7, config[1] >> 3 & 15
    return (_AAC_RATES[rate], channels) if rate < len(_AAC_RATES) and channels else None

"""A packet of silent AAC, with which late sound begins, written bit by bit (ISO/IEC 14496-3, section 4.4.2)."""

from __future__ import annotations

from playhead.media.mp4 import configuration, decoder_config

AAC_LC = 2
PACKET = 1024
"""Samples in a packet of AAC-LC."""

# One `ics_info` (table 4.6): long window, sine, no band coded, nothing predicted.
_WINDOW = "0" + "00" + "0" + "000000" + "0"
# The rest of an `individual_channel_stream` without bands: no pulse, no noise shaping, no gain control.
_REST = "000"
_GAIN = "00000000"
_ONE = _GAIN + _WINDOW + _REST
# Two channels of one window, no mid/side (table 4.4).
_TWO = "1" + _WINDOW + "00" + 2 * (_GAIN + _REST)
_SINGLE, _PAIR, _LOW, _END = "000", "001", "011", "111"

_ELEMENTS = {
    # By channel configuration (table 1.19): each kind of element is numbered by itself.
    1: (_SINGLE + "0000" + _ONE,),
    2: (_PAIR + "0000" + _TWO,),
    3: (_SINGLE + "0000" + _ONE, _PAIR + "0000" + _TWO),
    4: (_SINGLE + "0000" + _ONE, _PAIR + "0000" + _TWO, _SINGLE + "0001" + _ONE),
    5: (_SINGLE + "0000" + _ONE, _PAIR + "0000" + _TWO, _PAIR + "0001" + _TWO),
    6: (_SINGLE + "0000" + _ONE, _PAIR + "0000" + _TWO, _PAIR + "0001" + _TWO, _LOW + "0000" + _ONE),
}


def silent_packet(entry: bytes) -> bytes:
    """A packet of silence for a sound with this sample entry; empty where none is known.

    That is for plain AAC-LC of up to 5.1 channels, which is nearly all sound in MP4.

    Raises:
        PlayheadError: `corrupt_file` when the entry is damaged.
    """
    esds = configuration(entry, b"esds") if entry[4:8] == b"mp4a" else None
    kind, config = decoder_config(esds) if esds is not None else (0, b"")
    # AudioSpecificConfig (1.6.2.1): type, rate, channels, then whether packets are 960 samples long.
    plain = kind == 0x40 and len(config) >= 2 and config[0] >> 3 == AAC_LC
    if not plain or (config[0] & 7 == 7 and config[1] & 0x80) or config[1] & 4:
        return b""
    elements = _ELEMENTS.get(config[1] >> 3 & 15)
    if elements is None:
        return b""
    bits = "".join(elements) + _END
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")

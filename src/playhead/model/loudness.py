"""How loud a video is to be: as it came, or as loud as every other."""

from __future__ import annotations

from enum import StrEnum

TARGET_LUFS = -16.0
"""Programme loudness (ITU-R BS.1770) of normalised sound: what AES TD1008 advises for streams that are heard on
phones and in browsers. EBU R 128's -23 is for television, and too quiet for both."""
CEILING_DBTP = -1.5
"""The highest true peak: encoding to AAC adds up to a decibel, which must not clip."""


class Loudness(StrEnum):
    """What is done to the loudness of the sound."""

    SOURCE = "source"
    """Nothing."""
    NORMALISED = "normalised"
    """It is measured, and brought to `TARGET_LUFS`."""

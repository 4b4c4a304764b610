"""The nine resolutions a caller may ask for, each named after the short side of the picture."""

from __future__ import annotations

SHORT_SIDES: dict[str, int] = {
    "144p": 144,
    "240p": 240,
    "360p": 360,
    "480p": 480,
    "720p": 720,
    "1080p": 1080,
    "1440p": 1440,
    "4k": 2160,
    "8k": 4320,
}
"""Resolution name → pixels of the picture's short side, smallest first."""

DEFAULT_RESOLUTIONS = ("360p", "720p", "1080p")
"""What is made when nothing is asked for."""

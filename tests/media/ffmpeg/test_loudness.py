"""What the meter says is read as it is meant, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from playhead.media.ffmpeg.loudness import Heard, normalising, read_measure
from playhead.model.errors import PlayheadError


def test_what_was_measured_is_the_last_thing_said() -> None:
    told = (
        'title : {"input_i": "-1"}\n[Parsed_loudnorm_0 @ 0x1] \n{\n "input_i" : "-30.50", "input_tp" : "-9.00",'
        ' "input_lra" : "3.00", "input_thresh" : "-40.60", "target_offset" : "0.10"\n}\n'
    )
    assert read_measure(told) == Heard(-30.5, -9.0, 3.0, -40.6, 0.1)
    assert read_measure(told.replace("-30.50", "-inf")) is None
    for untold in ("", "}{", "{}", '{"input_i": "many"}'):
        with pytest.raises(PlayheadError, match="internal_error"):
            read_measure(untold)


def test_the_range_of_a_sound_is_kept() -> None:
    assert "LRA=13.0:" in normalising(Heard(-20, -3, 12, -30, 0))
    assert "LRA=7.0:" in normalising(Heard(-20, -3, 1, -30, 0))
    assert "LRA=20.0:" in normalising(Heard(-20, -3, 40, -30, 0))

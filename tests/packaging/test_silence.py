"""Silence before late sound: any decoder takes it, and the sound that follows is the file's own, at its time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from playhead.media.mp4 import Movie
from playhead.packaging import cut, init_segment, lane_of_track, media_segment
from playhead.packaging.silence import PACKET, silent_packet
from tests.media.mp4.clips import AAC, X264, ffmpeg, picture, sound
from tests.packaging.play import index, rendered


def of(movie: Movie) -> bytes:
    return next(movie.of_kind("audio")).sample_entry


@pytest.mark.parametrize("layout", ["mono", "stereo", "3.0", "4.0", "5.0", "5.1"])
def test_a_packet_is_silent(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "loud.mp4"
    tone = ("-f", "lavfi", "-i", "sine=440:d=0.5:r=48000")
    ffmpeg(*tone, "-af", f"aformat=channel_layouts={layout}", "-c:a", "aac", path)
    movie = index(path)
    packet = silent_packet(of(movie))
    assert packet, "none is known"
    track = next(movie.of_kind("audio"))
    # Whatever was heard in this file is replaced with silence.
    made, held = bytearray(path.read_bytes()), track.samples
    for number in range(held.count):
        offset, length = next(iter(held.extents(number, number + 1)))
        made[offset : offset + length] = packet.ljust(length, b"\0")
    path.write_bytes(made)
    decoded = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "s16le", "-"], capture_output=True, check=True
    )
    assert decoded.stderr == b""
    assert len(decoded.stdout) > 40_000
    assert not any(decoded.stdout)


@pytest.mark.parametrize("codec", [("libmp3lame",), ("aac", "-profile:a", "aac_ltp")])
def test_of_other_sound_none_is_known(codec: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "other.mp4"
    ffmpeg(*sound(1), "-strict", "-2", "-c:a", *codec, path)
    assert silent_packet(of(index(path))) == b""


def test_late_sound_is_decoded_from_the_beginning_on(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    ffmpeg(*picture(3), "-itsoffset", "0.37", *sound(2), *X264, *AAC, "-map", "0:v", "-map", "1:a", path)
    lane = lane_of_track(next(index(path).of_kind("audio")))
    late = lane.shown[0]
    assert 0.3 * 48000 < late < 0.37 * 48000
    assert lane.silence[0] == -(-late // PACKET)
    assert lane.lead == -late % PACKET, "the first packet is not moved"
    output = tmp_path / "made.mp4"
    made = [init_segment(lane)]
    for number, part in enumerate(cut(lane, [0, 90_000], 90_000), 1):
        made.append(rendered(media_segment(lane, part.first, part.stop, number), [path]))
    output.write_bytes(b"".join(made))
    ours, theirs = (
        subprocess.run(
            ["ffmpeg", "-v", "warning", "-i", str(each), "-map", "0:a", "-f", "s16le", "-"],
            capture_output=True,
            check=True,
        )
        for each in (output, path)
    )
    assert ours.stderr == b""
    # The first packet of the file overlaps with silence, as with nothing when it is the first.
    silent = 2 * PACKET * lane.silence[0]
    assert not any(ours.stdout[:silent])
    assert ours.stdout[silent:] == theirs.stdout

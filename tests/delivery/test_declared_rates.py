"""The bit rates that playlists declare, held against the bytes that are sent."""

from __future__ import annotations

import re
from itertools import accumulate, combinations
from pathlib import Path
from uuid import UUID

import pytest

from playhead.delivery import showing
from tests.delivery.clips import fit
from tests.delivery.making import Making, making
from tests.media.mp4.clips import ffmpeg

__all__ = ["fit", "making"]

TRACK = "256x144"
NEEDED = 3
"""How many times what a film takes at most may be declared before anything of it is there."""


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request sees the state of its moment, as if the last one had been long ago."""
    monkeypatch.setattr(showing, "SOON", 0)
    monkeypatch.setattr(showing, "LATER", 0)


@pytest.fixture(params=[6, 7], ids=["even", "a short end"])
def noisy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Pictures and sound that cannot be foreseen: the encoder takes all it may. Of 7 s, the last segment has one."""
    seconds = request.param
    path = tmp_path / "noisy.avi"
    pictures = ("-f", "lavfi", "-i", f"testsrc2=s={TRACK}:r=25:d={seconds}")
    sound = ("-f", "lavfi", "-i", f"anoisesrc=a=0.9:r=48000:d={seconds}")
    ffmpeg(
        *pictures,
        *sound,
        "-vf",
        "noise=alls=100:allf=t",
        "-c:v",
        "mpeg4",
        "-q:v",
        "2",
        "-g",
        "30",
        "-c:a",
        "pcm_s16le",
        path,
    )
    return path


def lines_of(master: str, tag: str) -> list[str]:
    return [line for line in master.splitlines() if line.startswith(f"#EXT-X-{tag}:")]


def declared(line: str) -> int:
    found = re.search(r"[:,]BANDWIDTH=(\d+)", line)
    assert found is not None
    return int(found[1])


def described(line: str) -> str:
    """A line without its bit rates."""
    return re.sub(r"(AVERAGE-)?BANDWIDTH=\d+,", "", line)


async def sent(making: Making, video_id: UUID, playlist: str) -> list[tuple[float, int]]:
    """Of each segment that a playlist lists, its seconds and its bits."""
    text = (await making.get(video_id, playlist)).text
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    lengths = [float(each) for each in re.findall(r"#EXTINF:([\d.]+),", text)]
    bits = [8 * len((await making.get(video_id, name)).content) for name in names]
    return list(zip(lengths, bits, strict=True))


def peak(segments: list[tuple[float, int]]) -> float:
    """The peak segment bit rate (RFC 8216, section 4.1): of any run about as long as the longest segment."""
    times = list(accumulate((seconds for seconds, _ in segments), initial=0.0))
    bits = list(accumulate((size for _, size in segments), initial=0))
    longest = max(seconds for seconds, _ in segments)
    runs = combinations(range(len(times)), 2)
    counted = [(a, b) for a, b in runs if longest / 2 <= times[b] - times[a] <= longest * 3 / 2]
    return max((bits[b] - bits[a]) / (times[b] - times[a]) for a, b in counted)


async def test_what_is_declared_of_a_growing_track_holds_when_it_is_there(
    making: Making, noisy: Path
) -> None:
    video_id, plan = await making.planned(noisy, "144p")
    (early,) = lines_of((await making.get(video_id, "master.m3u8")).text, "STREAM-INF")
    await making.finish(video_id, plan)
    (late,) = lines_of((await making.get(video_id, "master.m3u8")).text, "STREAM-INF")
    pictures, sound = [await sent(making, video_id, f"{name}.m3u8") for name in (TRACK, "audio")]
    needed = peak(pictures) + peak(sound)
    assert needed > plan.renditions[0].max_bit_rate, "the encoder could have taken more"
    assert needed <= declared(late) <= declared(early) <= NEEDED * needed
    fastest = max(bits / seconds for seconds, bits in sound)
    assert max(bits / seconds for seconds, bits in pictures) + fastest <= declared(early)
    # What decides whether a device tries it at all is the same: codecs, size and frame rate.
    assert f'CODECS="avc1.4d400c,mp4a.40.2",RESOLUTION={TRACK}' in early
    assert described(early) == described(late)


async def test_what_is_declared_of_key_frames_alone_counts_their_headers(making: Making, fit: Path) -> None:
    video_id, plan = await making.planned(fit, "144p")
    await making.finish(video_id, plan)
    master = (await making.get(video_id, "master.m3u8")).text
    lines = lines_of(master, "I-FRAME-STREAM-INF")
    assert len(lines) == 2
    for line in lines:
        (playlist,) = re.findall(r'URI="([^"]+)"', line)
        frames = await sent(making, video_id, playlist)
        (average,) = re.findall(r"AVERAGE-BANDWIDTH=(\d+)", line)
        whole = sum(bits for _, bits in frames) / sum(seconds for seconds, _ in frames)
        assert peak(frames) <= declared(line)
        assert whole <= int(average)
    # And they are in the same relation to what whole segments need.
    for line, variant in zip(lines, lines_of(master, "STREAM-INF"), strict=True):
        assert declared(line) < declared(variant)

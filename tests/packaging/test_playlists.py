"""Playlists and manifests, byte for byte, and played by ffmpeg from a folder of files."""

from __future__ import annotations

import os
import random
import re
import time
from fractions import Fraction
from pathlib import Path

import pytest

from playhead.media.mp4 import codec_string, sound_format
from playhead.packaging import (
    Lane,
    Rates,
    Segment,
    cut,
    dash,
    hls,
    init_segment,
    keyframe_boundaries,
    lane_of_track,
    media_segment,
    rates,
)
from tests.media.mp4.clips import AAC, BFRAMES, X264, ffmpeg, ffprobe, picture, sound
from tests.packaging.play import hashes, index, md5s, rendered

GOLDEN = Path(__file__).parents[1] / "golden" / "packaging"

ROWS = [
    hls.Row("0.m4s", Fraction(1001, 1000), "init.mp4"),
    hls.Row("1.m4s", Fraction(4 * 1001, 1000), "init.mp4"),
    hls.Row("2.m4s", Fraction(5, 3), "init-2.mp4"),
]
SOUNDS = [
    hls.AudioOption(
        "a0/index.m3u8", 'Deutsch "Kino"', "de", 2, "mp4a.40.2", Rates(131000, 128000), default=True
    ),
    hls.AudioOption("a1/index.m3u8", "Kommentar", "und", 1, "mp4a.40.5", Rates(64000, 64000)),
]
SUBTITLES = [hls.SubtitleOption("s0/index.m3u8", "English", "en", default=True)]
VARIANTS = [
    hls.Variant(
        "360p/index.m3u8", Rates(900_000, 700_000), "avc1.64001e", 640, 360, Fraction(30000, 1001),
        "360p/keyframes.m3u8", Rates(90_000, 80_000),
    ),
    hls.Variant("1080p/index.m3u8", Rates(5_000_000, 4_000_000), "avc1.640028", 1920, 1080, Fraction(25)),
]  # fmt: skip
SEGMENTS = [
    Segment(0, 30, 0, 30030, 1),
    *(Segment(0, 1, 30030 + 120120 * n, 120120, 1) for n in range(3)),
    Segment(0, 1, 390390, 5005, 1),
]
PICTURES = [
    dash.Picture(
        "360p",
        900_000,
        "avc1.64001e",
        640,
        360,
        Fraction(30000, 1001),
        dash.Template("360p/init.mp4", "360p/$Number$.m4s", 30000, SEGMENTS),
    ),
    dash.Picture(
        "1080p",
        5_000_000,
        "avc1.640028",
        1920,
        1080,
        Fraction(25),
        dash.Template("1080p/init.mp4", "1080p/$Number$.m4s", 30000, SEGMENTS),
    ),
]
TRACKS = [
    dash.SoundTrack(
        "a0",
        131_000,
        "mp4a.40.2",
        48000,
        2,
        "de",
        dash.Template("a0/init.mp4", "a0/$Number$.m4s", 48000, [Segment(0, 1, 0, 48128, 1)]),
        default=True,
    )
]
CAPTIONS = [dash.Captions("s0", "s0/captions.vtt?a=1&b=2", "en", "English & more")]

TEXTS = {
    "media.m3u8": hls.media_playlist(ROWS),
    "event.m3u8": hls.media_playlist(ROWS[:2], "EVENT", ended=False),
    "keyframes.m3u8": hls.keyframe_playlist(ROWS[:2]),
    "master.m3u8": hls.master_playlist(VARIANTS, SOUNDS, SUBTITLES),
    "silent.m3u8": hls.master_playlist(VARIANTS[1:]),
    "manifest.mpd": dash.manifest(Fraction(791, 60), PICTURES, TRACKS, CAPTIONS),
    "silent.mpd": dash.manifest(Fraction(791, 60), PICTURES[:1]),
    "sound_alone.m3u8": hls.sound_playlist(SOUNDS[:1]),
    "sounds_alone.m3u8": hls.sound_playlist(SOUNDS),
    "sound_alone.mpd": dash.manifest(Fraction(128, 125), [], TRACKS),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_as_agreed(name: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("PLAYHEAD_GOLDEN") == "write":
        golden.write_text(TEXTS[name])
    assert golden.read_text() == TEXTS[name]


def test_no_duration_rounds_above_the_target() -> None:
    text = hls.media_playlist([hls.Row("0", Fraction(55, 10), "i"), hls.Row("1", Fraction(2), "i")])
    assert "#EXT-X-TARGETDURATION:6\n" in text


def test_what_is_rounded_does_not_add_up() -> None:
    third = Fraction(1, 3)
    text = hls.media_playlist([hls.Row(str(number), third, "i") for number in range(3000)])
    told = [Fraction(each) for each in re.findall(r"#EXTINF:([\d.]+),", text)]
    assert sum(told) == 1000
    assert max(abs(each - third) for each in told) <= Fraction(1, 1_000_000)


def test_rates_count_runs_of_segments() -> None:
    # Seconds and bytes: a short heavy segment alone is no peak, with its neighbour it is.
    sizes = ((4, 400), (1, 1000), (4, 400), (4, 800), (4, 400))
    segments, start = [], 0
    for seconds, size in sizes:
        segments.append(Segment(0, 1, start, seconds * 1000, size))
        start += seconds * 1000
    found = rates(segments, 1000)
    assert found.peak == round(1400 * 8 / 5)
    assert found.average == round(3000 * 8 / 17)
    assert rates([], 1000) == Rates(0, 0)


def test_rates_are_those_of_the_heaviest_run_there_is() -> None:
    chance = random.Random(3)
    for _ in range(200):
        lengths = [chance.choice((1, 2, 3, 10, 50)) for _ in range(chance.randint(1, 20))]
        segments = [Segment(0, 1, 0, length, chance.randint(1, 5000)) for length in lengths]
        runs = [segments[first:stop] for stop in range(len(lengths) + 1) for first in range(stop)]
        counted = [run for run in runs if 1 <= 2 * sum(each.duration for each in run) / max(lengths) <= 3]
        rate = max(sum(each.size for each in run) / sum(each.duration for each in run) for run in counted)
        average = sum(each.size for each in segments) / sum(lengths)
        assert rates(segments, 1000).peak == round(max(rate, average) * 8000)


def test_rates_of_a_film_with_a_long_still_are_soon_told() -> None:
    """Twelve hours, of which three show one picture: a run may then be of thousands of segments."""
    film = [Segment(0, 1, 0, 2, 1000)] * 16_200 + [Segment(0, 1, 0, 3 * 3600, 1000)]
    begun = time.process_time()
    assert rates(film, 1).peak == 4000
    assert time.process_time() - begun < 2  # 40 s when every run was looked at


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything a player would fetch, from one MP4."""
    folder = tmp_path_factory.mktemp("published")
    source = folder / "source.mp4"
    ffmpeg(*picture(4), *sound(4), *X264, *BFRAMES, *AAC, source)
    movie = index(source)
    assert movie.video is not None
    video, tone = lane_of_track(movie.video), lane_of_track(next(movie.of_kind("audio")))
    boundaries = keyframe_boundaries(video, 1, first=0.4)
    lists = {}
    for name, lane in (("v", video), ("a", tone)):
        lists[name] = cut(lane, boundaries, video.timescale)
        _publish(folder / name, lane, lists[name], source)
    sound_rates, picture_rates = rates(lists["a"], tone.timescale), rates(lists["v"], video.timescale)
    codecs = codec_string(video.entries[0]), codec_string(tone.entries[0])
    option = hls.AudioOption("a/index.m3u8", "Sound", "und", 1, codecs[1], sound_rates, default=True)
    variant = hls.Variant("v/index.m3u8", picture_rates, codecs[0], 128, 72, Fraction(25))
    (folder / "master.m3u8").write_text(hls.master_playlist([variant], [option]))
    templates = [
        dash.Template(f"{name}/init.mp4", f"{name}/$Number$.m4s", lane.timescale, lists[name])
        for name, lane in (("v", video), ("a", tone))
    ]
    representation = dash.Picture("v", picture_rates.peak, codecs[0], 128, 72, Fraction(25), templates[0])
    rate = sound_format(tone.entries[0]).sample_rate
    track = dash.SoundTrack("a", sound_rates.peak, codecs[1], rate, 1, "und", templates[1])
    (folder / "manifest.mpd").write_text(dash.manifest(Fraction(4), [representation], [track]))
    return folder


def _publish(folder: Path, lane: Lane, segments: list[Segment], source: Path) -> None:
    folder.mkdir()
    (folder / "init.mp4").write_bytes(init_segment(lane))
    rows = []
    for number, segment in enumerate(segments):
        made = media_segment(lane, segment.first, segment.stop, number + 1)
        (folder / f"{number}.m4s").write_bytes(rendered(made, [source]))
        rows.append(hls.Row(f"{number}.m4s", Fraction(segment.duration, lane.timescale), "init.mp4"))
    (folder / "index.m3u8").write_text(hls.media_playlist(rows))


@pytest.mark.parametrize("name", ["master.m3u8", "manifest.mpd"])
def test_what_is_published_plays_as_the_source(published: Path, name: str) -> None:
    played, source = published / name, published / "source.mp4"
    assert hashes(played, "v:0") == hashes(source, "v:0")
    assert hashes(played, "a:0", copy=True) == hashes(source, "a:0", copy=True)


def test_seeking_lands_on_the_frame_asked_for(published: Path) -> None:
    whole = hashes(published / "source.mp4", "v:0")
    # By DASH: ffmpeg 5.1 loses its place when it seeks in HLS of fMP4, its own included.
    for second in (Fraction(1), Fraction(63, 25), Fraction(98, 25)):
        sought = hashes(published / "manifest.mpd", "v:0", options=["-ss", str(float(second))])
        assert md5s(sought) == [md5 for time, md5 in whole if time >= second]


def test_a_player_learns_what_the_master_playlist_says(published: Path) -> None:
    told = ffprobe(
        "-show_entries", "stream=codec_type,width,channels", "-of", "csv=p=0", published / "master.m3u8"
    )
    assert set(told.split()) == {"audio,1", "video,128"}  # listed by program and by stream

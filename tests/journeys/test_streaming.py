"""HLS and DASH through a real server: every frame and every packet of sound as in the files they are views of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import drive
from tests.journeys.streamed import Stream, close, heard, packets, pictures, pitch
from tests.live import Live, start, stop
from tests.media.mp4.clips import AAC, X264, ffmpeg, sound
from tests.media.samples import SAMPLES, Sample

FIT = (*X264, "-bf", "2", "-g", "40", "-sc_threshold", "0")
MPEG4 = ("-c:v", "mpeg4", "-q:v", "5", "-g", "30", "-bf", "2")


def picture(seconds: float, rate: str = "25") -> tuple[str, ...]:
    """Large enough for two renditions."""
    return ("-f", "lavfi", "-i", f"testsrc2=s=426x240:r={rate}:d={seconds}")


CLIPS: dict[str, tuple[str, ...]] = {
    "fit.mp4": (*picture(8), *sound(8), *FIT, *AAC, "-movflags", "+faststart"),
    "unfit.avi": (*picture(9), *sound(9), *MPEG4, "-bf", "0", "-c:a", "mp3"),
    "silent.mp4": (*picture(4, "24000/1001"), *FIT),
    # Two languages: one goes on when the pictures have ended, one begins late and ends early.
    "sounds.mp4": (
        *(*picture(4), *sound(11), "-itsoffset", "1.1", *sound(2, 880), *FIT, *AAC),
        *("-map", "0:v", "-map", "1:a", "-map", "2:a"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
    ),
    "late.mkv": (*picture(4), "-itsoffset", "1.1", *sound(2), "-map", "0:v", "-map", "1:a", *MPEG4, *AAC),
    # Two languages that both have to be encoded.
    "dubbed.mkv": (
        *(*picture(4), *sound(4), *sound(6, 880), *MPEG4, "-bf", "0", "-c:a", "pcm_s16le"),
        *("-map", "0:v", "-map", "1:a", "-map", "2:a"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"),
    ),
    "odd_sound.mp4": (*picture(4), *sound(4), *FIT, "-c:a", "mp3"),
}
RESOLUTIONS = {"fit.mp4": ["240p", "144p"], "unfit.avi": ["240p", "144p"]}
"""Of the others, one rendition."""
MOST_STORED = 1.01
"""Stored bytes for each byte of the source and of the renditions."""
SWEPT_WITHIN = 60.0
SOUNDS = {"silent.mp4": 0, "sounds.mp4": 2, "dubbed.mkv": 2}


@dataclass(frozen=True)
class Sent:
    """A clip on the server."""

    path: Path
    video: dict[str, Any]
    stream: Stream

    @property
    def from_source(self) -> bool:
        """Whether it is sound of the source's own that is streamed."""
        return self.path.suffix == ".mp4" and self.path.stem != "odd_sound"

    def rendition(self, track: str, folder: Path) -> Path:
        """The file that a track is a view of."""
        if track == "source":
            return self.path
        found = next(
            each for each in self.video["renditions"] if f"{each['width']}x{each['height']}" == track
        )
        return drive.fetch(found["video_url"], folder / f"{track}-whole.mp4")


def of(live: Live, video_id: str) -> Stream:
    """Where a public video is played."""
    return Stream(f"{live.url}/v/{video_id}/")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The clips."""
    folder = tmp_path_factory.mktemp("clips")
    for name, arguments in CLIPS.items():
        ffmpeg(*arguments, folder / name)
    return {name: folder / name for name in CLIPS}


@pytest.fixture(scope="module")
def sent(live_server: Live, made: dict[str, Path]) -> dict[str, Sent]:
    """All clips, ready."""
    with live_server.http() as client:
        ids = {
            name: drive.upload(client, path, RESOLUTIONS.get(name, ["144p"])) for name, path in made.items()
        }
        return {
            name: Sent(made[name], drive.wait(client, video_id, 240), of(live_server, video_id))
            for name, video_id in ids.items()
        }


@pytest.mark.parametrize("name", CLIPS)
def test_everything_streamed_is_as_in_the_file(name: str, sent: dict[str, Sent], tmp_path: Path) -> None:
    clip = sent[name]
    tracks = clip.stream.tracks()
    fit = clip.path.suffix == ".mp4"
    sizes = {"144p": "256x144", "240p": "426x240"}
    expected = [sizes[each] for each in RESOLUTIONS.get(name, ["144p"])] + ["source"] * fit
    assert sorted(tracks) == sorted(expected)
    for number, track in enumerate(_in_manifest(clip.stream)):
        whole = pictures(clip.rendition(track, tmp_path))
        assert close(pictures(f"{clip.stream.base}{track}.m3u8"), whole), f"HLS {track}"
        # ffmpeg ends a manifest with the first representation that ends, its own too: so each by itself.
        assert close(pictures(f"{clip.stream.base}manifest.mpd", number), whole), f"DASH {track}"
        assert close(pictures(clip.stream.download(track, tmp_path)), whole), f"segments of {track}"
    assert close(pictures(f"{clip.stream.base}master.m3u8"), pictures(clip.rendition(tracks[0], tmp_path))), (
        "the first variant"
    )


@pytest.mark.parametrize("name", CLIPS)
def test_all_sound_streamed_is_as_in_the_file(name: str, sent: dict[str, Sent], tmp_path: Path) -> None:
    clip = sent[name]
    sounds = clip.stream.sounds()
    assert sounds == ["audio", "audio-2"][: SOUNDS.get(name, 1)]
    whole = clip.path if clip.from_source else clip.rendition("256x144", tmp_path)
    for number, name in enumerate(sounds):
        # Equal times against equal times of the pictures: the two are together to the sample.
        # A rendition's MP4 has the first alone, so of another that is encoded all views are held together.
        alone = number > 0 and not clip.from_source
        expected = packets(clip.stream.download(name, tmp_path) if alone else whole, 0 if alone else number)
        assert heard(packets(f"{clip.stream.base}{name}.m3u8"), expected), f"HLS {name}"
        assert heard(packets(f"{clip.stream.base}master.m3u8", number), expected), f"HLS {name}, of all"
        assert heard(packets(f"{clip.stream.base}manifest.mpd", number), expected), f"DASH {name}"
        assert heard(packets(clip.stream.download(name, tmp_path)), expected), f"segments of {name}"


def test_languages_are_told(sent: dict[str, Sent]) -> None:
    master = sent["sounds.mp4"].stream.text("master.m3u8")
    assert 'NAME="English",LANGUAGE="en",DEFAULT=YES' in master
    assert 'NAME="Deutsch",LANGUAGE="de",DEFAULT=NO' in master


def test_sounds_that_are_encoded_are_those_of_the_source(sent: dict[str, Sent], tmp_path: Path) -> None:
    clip = sent["dubbed.mkv"]
    master = clip.stream.text("master.m3u8")
    assert 'NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"' in master
    assert 'NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2"' in master
    assert clip.stream.text("manifest.mpd").count('contentType="audio"') == 2
    heard = [clip.stream.download(name, tmp_path) for name in ("audio", "audio-2")]
    assert [pitch(path) for path in heard] == [pytest.approx(440, abs=3), pytest.approx(880, abs=3)]
    assert [float(packets(path)[-1].time) for path in heard] == pytest.approx([4, 6], abs=0.05)


def test_keyframes_alone_can_be_played(sent: dict[str, Sent], tmp_path: Path) -> None:
    clip = sent["fit.mp4"]
    whole = {each.digest: each.time for each in pictures(clip.path)}
    found = pictures(clip.stream.download("source-keyframes", tmp_path))
    assert [float(each.time) for each in found] == [0.0, 1.6, 4.8]
    assert all(whole[each.digest] == each.time for each in found)


@pytest.mark.parametrize("name", ["fit.mp4", "unfit.avi"])
def test_what_was_fetched_while_it_was_made_is_what_is_there_afterwards(
    name: str, live_server: Live, made: dict[str, Path]
) -> None:
    with live_server.http() as client:
        video_id = drive.upload(client, made[name], ["240p", "144p"])
        stream = of(live_server, video_id)
        tracks = [*stream.tracks(), *stream.sounds()]
        names = [name for track in tracks for name in stream.names(track)]
        # The end first, and several at a time: nothing may depend on the order in which pieces are made.
        with ThreadPoolExecutor(4) as viewers:
            early = list(viewers.map(lambda each: _patiently(stream, each), reversed(names)))
        drive.wait(client, video_id)
    late = [stream.get(each) for each in reversed(names)]
    assert [answer.content for answer in early] == [answer.content for answer in late]
    assert [answer.headers["etag"] for answer in early] == [answer.headers["etag"] for answer in late]


@pytest.mark.parametrize("name", ["fit.mp4", "unfit.avi"])
def test_mp4_hls_and_dash_are_stored_once(name: str, sent: dict[str, Sent], live_server: Live) -> None:
    """All that was streamed is views of the source and the renditions, and what they were made of is gone."""
    clip = sent[name]
    for track in (*clip.stream.tracks(), *clip.stream.sounds()):
        assert {clip.stream.get(each).status_code for each in clip.stream.names(track)} == {200}
    kept = live_server.data / "storage" / "videos" / clip.video["id"]
    own = clip.path.stat().st_size + sum(each["size_bytes"] for each in clip.video["renditions"])

    def stored() -> int:
        return sum(
            each.stat().st_size for each in kept.rglob("*") if each.is_file() and each.suffix != ".jpg"
        )

    deadline = time.monotonic() + SWEPT_WITHIN
    while stored() > MOST_STORED * own and time.monotonic() < deadline:
        time.sleep(0.2)
    assert own <= stored() <= MOST_STORED * own


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Live]:
    """A server without a worker."""
    live = start(tmp_path / "data", arguments=("--only", "web"))
    yield live
    assert stop(live) == 0


def test_without_any_worker(idle: Live, made: dict[str, Path]) -> None:
    """What is fit plays; for what is not, the player is told when to ask again, and soon enough to do so."""
    with idle.http() as client:
        fit = of(idle, drive.upload(client, made["fit.mp4"], ["144p"]))
        assert close(pictures(f"{fit.base}master.m3u8"), pictures(made["fit.mp4"]))
        unfit = of(idle, drive.upload(client, made["unfit.avi"], ["144p"]))
        begun = time.monotonic()
        answer = unfit.get("master.m3u8")
        assert time.monotonic() - begun < 20
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "no-store"


def _patiently(stream: Stream, name: str) -> httpx.Response:
    """A segment as a player gets it: who is told to ask again does so."""
    for _ in range(60):
        answer = stream.get(name)
        if answer.status_code != 503:
            break
        time.sleep(float(answer.headers["retry-after"]))
    assert answer.status_code == 200, f"{name}: {answer.text}"
    return answer


def _in_manifest(stream: Stream) -> list[str]:
    """The names of the pictures in the order of the manifest."""
    text = stream.text("manifest.mpd").partition('contentType="audio"')[0]
    return [line.split('id="')[1].split('"')[0] for line in text.splitlines() if "<Representation " in line]


@pytest.mark.soak
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_odd_media_streams_as_its_file(sample: Sample, live_server: Live, tmp_path: Path) -> None:
    """Whatever became of an odd or broken upload, what is streamed of it is what can be downloaded."""
    if not sample.path().stat().st_size:
        return  # nothing can be uploaded
    with live_server.http() as client:
        created = drive.create(client, sample.path(), ["360p"], filename=sample.filename)
        drive.send(created, sample.path())
        if client.post(f"/api/video/{created['id']}/complete-upload").status_code != 201:
            return
        video = drive.wait(client, created["id"], 300)
    stream = of(live_server, created["id"])
    if video["status"] == "fail":
        assert stream.get("master.m3u8").status_code == 404
        return
    clip = Sent(sample.path(), video, stream)
    for number, track in enumerate(_in_manifest(stream)):
        whole = pictures(clip.rendition(track, tmp_path))
        assert close(pictures(f"{stream.base}{track}.m3u8"), whole), f"HLS {track}"
        assert close(pictures(f"{stream.base}manifest.mpd", number), whole), f"DASH {track}"
        assert close(pictures(stream.download(track, tmp_path)), whole), f"segments of {track}"
    for number, name in enumerate(stream.sounds()):
        own = "source" in stream.tracks() and "mp4a" in stream.text("master.m3u8")
        rendition = clip.rendition(next(each for each in stream.tracks() if each != "source"), tmp_path)
        options = [packets(rendition)] if number == 0 else []
        options += [packets(sample.path(), number)] if own else []
        found = packets(f"{stream.base}{name}.m3u8")
        assert any(heard(found, expected) for expected in options), name

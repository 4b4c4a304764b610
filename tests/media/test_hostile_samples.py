"""The hostile samples are as hostile as they claim: live bait, real bombs, texts that arrive unharmed."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.media import checks
from tests.media.samples import CATEGORIES, HOSTILE, SAMPLES, Cache, Failed, Sample, injections, sample
from tests.media.samples.boxes import boxes, find
from tests.media.samples.bytework import noise
from tests.media.samples.canary import Canary
from tests.media.samples.mutations import SEEDS, mutate
from tests.media.samples.references import live, reference_samples

# Everything ffmpeg's own defences would stop, allowed.
CARELESS = ("-protocol_whitelist", "file,http,tcp,udp,rtp,crypto,data,subfile,concat,gopher")


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canary]:
    with Canary(tmp_path_factory.mktemp("bait")) as bait:
        yield bait


@pytest.fixture(scope="module")
def references(canary: Canary) -> dict[str, Sample]:
    return {each.name: each for each in reference_samples(canary)}


def test_every_category_is_well_filled(references: dict[str, Sample]) -> None:
    everything = (*SAMPLES, *HOSTILE, *references.values())
    count = Counter(each.category for each in everything)
    assert set(count) == set(CATEGORIES)
    assert min(count.values()) >= 40
    assert sum(count.values()) >= 600
    assert len({each.name for each in everything}) == len(everything)


# References


def _careless(path: Path, *options: str) -> None:
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "quiet", *CARELESS, *options, "-i", path, "-t", "1", "-f", "null", "-"],
        capture_output=True,
        timeout=30,
        check=False,  # what it makes of the file is its own affair: only the canary is asked
    )


def test_canary_notices_an_open_a_call_and_a_datagram(canary: Canary) -> None:
    canary.opens(), canary.contacts()
    assert (canary.opens(), canary.contacts()) == (0, [])
    canary.path("canary.key").read_bytes()
    assert canary.opens() > 0
    with socket.create_connection(("127.0.0.1", canary.port)) as caller:
        caller.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        assert caller.recv(15) == b"HTTP/1.1 200 OK"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"x", ("127.0.0.1", canary.port))
    assert sorted(_contacts(canary, 2)) == ["GET /x HTTP/1.1", "udp"]


def _contacts(canary: Canary, count: int) -> list[str]:
    found: list[str] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        found += canary.contacts()
        time.sleep(0.01)
    return found


def test_a_careless_ffmpeg_falls_for_every_live_trick(
    canary: Canary, references: dict[str, Sample], tmp_path: Path
) -> None:
    untouched = []
    for name, each in references.items():
        if not live(each):
            continue
        path = each.path(Cache(tmp_path))
        canary.opens(), canary.contacts()
        _careless(path, *(("-safe", "0") if "concat" in name else ("-allowed_extensions", "ALL")))
        if not canary.opens() and not canary.contacts():
            untouched.append(name)
    assert untouched == []


def test_a_movie_may_point_elsewhere(canary: Canary, references: dict[str, Sample], tmp_path: Path) -> None:
    data = references["ref_mov_url"].path(Cache(tmp_path)).read_bytes()
    dref = find(data, "moov/trak/mdia/minf/dinf/dref")
    assert canary.url("canary.mp4").encode() in data[dref.body : dref.end]
    aliased = references["ref_mov_alias"].path(Cache(tmp_path))
    canary.opens()
    _careless(aliased, "-enable_drefs", "1", "-use_absolute_path", "1")
    assert canary.opens() > 0


def test_subtitles_in_avi_are_read(references: dict[str, Sample], tmp_path: Path) -> None:
    path = references["ref_gab2_srt"].path(Cache(tmp_path))
    kinds = [stream["codec_type"] for stream in checks.probe(path)["streams"]]
    assert kinds == ["video", "audio", "subtitle"]
    assert checks.frame_numbers(path) == list(range(50))


# Bombs


def _stream(path: Path) -> dict[str, str]:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-select_streams", "V:0", "-of", "json", path],
        capture_output=True,
        timeout=30,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)["streams"][0]
    return found


def _ratio(text: str) -> float:
    over, _, under = text.replace(":", "/").partition("/")
    return float(over) / float(under)


def _too_large(path: Path) -> bool:
    if path.suffix == ".gif":
        return path.read_bytes()[6:10] == b"\xff\xff\xff\xff"
    stream = _stream(path)
    # ffprobe rounds a ratio it cannot hold to none at all: the bitstream still has it
    ratio = _ratio(stream["sample_aspect_ratio"]) if "sample_aspect_ratio" in stream else 1000
    return max(int(stream["width"]), int(stream["height"])) > 8192 or not 1 / 16 <= ratio <= 16


def _too_many(path: Path) -> bool:
    data = path.read_bytes()
    return max(sum(box.path == "moov/trak" for box in boxes(data)), data.count(b"A_PCM")) > 64


def _too_long(path: Path) -> bool:
    return float(checks.probe(path)["format"]["duration"]) > 24 * 3600


def _too_fast(path: Path) -> bool:
    return _ratio(_stream(path)["avg_frame_rate"]) > 240


REALLY: dict[str, Callable[[Path], bool]] = {
    "limit_duration": _too_long,
    "limit_dimensions": _too_large,
    "limit_frame_rate": _too_fast,
    "limit_streams": _too_many,
}
BEYOND = [each for each in HOSTILE if isinstance(each.expect, Failed) and each.expect.code in REALLY]


@pytest.mark.parametrize("each", BEYOND, ids=[each.name for each in BEYOND])
def test_bomb_is_beyond_the_limit_it_names(each: Sample) -> None:
    assert isinstance(each.expect, Failed)
    assert REALLY[each.expect.code](each.path())


def test_bombs_are_small() -> None:
    large = {
        each.name: each.path().stat().st_size
        for each in HOSTILE
        if each.category == "bombs" and each.path().stat().st_size > 2_000_000
    }
    assert large == {}


def test_the_100_hours_fit_into_few_bytes() -> None:
    path = sample("bomb_100_hours").path()
    assert path.stat().st_size < 10_000
    assert float(checks.probe(path)["format"]["duration"]) == 360_000


def test_packed_header_is_read_and_unpacks() -> None:
    assert checks.frame_numbers(sample("bomb_header_packed").path()) == list(range(50))


# Injections

TITLED = [each for each in HOSTILE if each.name.startswith(("inject_mp4_", "inject_mkv_"))]


@pytest.mark.parametrize("each", TITLED, ids=[each.name for each in TITLED])
def test_title_arrives_unharmed(each: Sample) -> None:
    text = injections.TEXTS[each.name.split("_", 2)[2]]
    tags = checks.probe(each.path())["format"]["tags"]
    titles = {value for key, value in tags.items() if key.lower() == "title"}
    assert titles == {text}


@pytest.mark.parametrize("name", injections.RAW)
def test_raw_title_is_in_the_file(name: str) -> None:
    each = sample(f"inject_raw_{name}")
    assert injections.RAW[name] in each.path().read_bytes()
    assert checks.frame_numbers(each.path()) == list(range(50))


# Mutations


def test_mutations_are_pure_and_all_different() -> None:
    seed = Cache().take(SEEDS["mp4"], "a.mp4").read_bytes()
    once = [mutate(seed, number) for number in range(100)]
    assert once == [mutate(seed, number) for number in range(100)]
    assert len(set(once)) > 90
    assert seed not in once


def test_mutations_are_the_same_on_every_machine() -> None:
    seed = noise(2048, 1)
    together = b"".join(mutate(seed, number) for number in range(40))
    assert (
        hashlib.sha256(together).hexdigest()
        == "de2db21ed2b47caa5da37bbd0a906c3050b332b6979309410db5b279e4f5972c"
    )


@pytest.mark.parametrize("size", [1, 2, 7, 16])
def test_even_tiny_files_can_be_damaged(size: int) -> None:
    seed = bytes(range(1, size + 1))
    for number in range(34):
        assert mutate(seed, number) != seed


@pytest.mark.parametrize("name", SEEDS)
def test_seeds_are_valid(name: str) -> None:
    path = Cache().take(SEEDS[name], "seed.bin")
    assert checks.frames_seen(path, most=1)[0].corners == checks.CORNERS

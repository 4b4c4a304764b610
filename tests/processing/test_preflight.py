"""What is said of a file beforehand is what is said of it afterwards, by the tools and rules that process it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.media.ffmpeg.sandbox.choose import choose_sandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.sparse import SparseBytes
from playhead.model.errors import PlayheadError
from playhead.model.media import MediaInfo
from playhead.model.plan import Plan
from playhead.packaging import Limits
from playhead.processing.apart import SLIPS
from playhead.processing.examine import examine
from playhead.processing.inspect import servable_of
from playhead.processing.planning import plan
from playhead.processing.preflight import MOST_BYTES, Judging, Verdict, judge
from tests.media.samples import HOSTILE, SAMPLES, Sample, sample
from tests.media.samples.cache import Cache
from tests.media.samples.canary import Canary
from tests.media.samples.references import reference_samples

JUDGING = Judging(Limits(), 5 << 30, 12 * 3600)
ASKED = ["144p", "360p", "8k"]

# What only decoding tells: media of zeros, a codec nobody knows, pixels shaped by H.263's own header, a Matroska
# of which there is but a header, a fragment that is cut; where a clock begins that does not at zero; how long a last
# frame without neighbours lasts; and what unpacking an animation gives.
OTHERWISE = frozenset(
    {
        *("blank_media", "unknown_codec", "3gp", "matroska_header_only", "cut_in_fragment"),
        *("mkv_late_clock", "negative_times", "webp_animated"),
    }
)
OFTEN = frozenset(
    {
        *("fps_25", "fps_120", "long_gop", "open_gop", "rotate_90", "size_33x17", "sar_pal", "sound_early"),
        *("crop_bitstream_left", "clean_aperture_turned", "sound_pcm", "only_sound_m4a", "only_sound_webm"),
        *("h264_4_2_2_10_bit", "hevc_10_bit", "prores_4444_alpha", "dv", "mkv", "webm_vp9", "ogv", "gif"),
        *("moov_last", "no_ftyp", "edit_trimmed", "fragmented_hybrid", "colour_hdr10", "dolby_vision_5"),
        *("empty", "text", "zeroes", "cut_moov_first_50", "cut_moov_last_50", "no_frames", "encrypted"),
    }
)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return asyncio.run(choose_sandbox(find_tools(), unsafe_no_sandbox=False))


def _param(each: Sample) -> object:
    return pytest.param(each, id=each.name, marks=() if each.name in OFTEN else pytest.mark.soak)


def _beforehand(path: Path, **judging: Any) -> Verdict:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES)
    source = SparseBytes(path.stat().st_size, {0: data})
    return judge(source, ASKED, Judging(**{**vars(JUDGING), **judging}))


async def _afterwards(path: Path, sandbox: Sandbox) -> tuple[Plan, MediaInfo, None] | tuple[None, None, str]:
    """What the first step of processing decides: a plan, or a refusal's code."""
    try:
        info, timeline, index = await examine(path, sandbox, JUDGING.max_duration_seconds)
        servable = await servable_of(index, info, timeline, JUDGING.source_limits)
        return plan(info, timeline, ASKED, [], servable), info, None
    except PlayheadError as error:
        return None, None, error.code


@pytest.mark.parametrize("each", [_param(each) for each in SAMPLES if each.name not in OTHERWISE])
async def test_it_says_what_processing_will_decide(each: Sample, sandbox: Sandbox) -> None:
    told = await asyncio.to_thread(_beforehand, each.path())

    planned, info, refusal = await _afterwards(each.path(), sandbox)
    if planned is None or info is None:
        assert told.name == "unknown" or (told.error is not None and told.error.code == refusal)
        return
    if told.name == "unknown":
        assert told.facts is None or told.facts.video.codec == "unknown"
        return
    served = planned.sound_from_source if info.video is None else not planned.source_reasons
    reasons = () if served else planned.source_reasons
    assert (told.name, told.reasons) == ("fit" if served else "encode", reasons)
    if told.facts is None or told.plan is None or info.video is None:
        assert told.reasons in ((), ("not an MP4",), ("it has no pictures",))
        return
    video = told.facts.video
    assert (video.width, video.height, video.codec) == (info.video.width, info.video.height, info.video.codec)
    assert told.facts.seconds == pytest.approx(info.duration_seconds, abs=0.1)
    assert told.facts.sounds == (info.audio is not None)
    assert [(each.resolution, each.width, each.height, each.note) for each in told.plan.renditions] == [
        (each.resolution, each.width, each.height, each.note) for each in planned.renditions
    ]


def test_those_run_often_exist() -> None:
    assert {each.name for each in SAMPLES} >= OFTEN | OTHERWISE


_REFERENCES = ("ref_hls", "ref_dash", "ref_concat", "ref_sdp", "ref_mov", "ref_name_sequence")


def test_references_are_refused(tmp_path: Path) -> None:
    with Canary(tmp_path / "bait") as canary:
        for each in reference_samples(canary):
            if not each.name.startswith(_REFERENCES):
                continue
            told = _beforehand(each.path(Cache(tmp_path / "made")))
            assert told.name != "fit" or each.may_be_ready, each.name
            if told.error is not None:
                assert told.error.code in each.codes, each.name
        assert (canary.opens(), canary.contacts()) == (0, [])


@pytest.mark.parametrize(
    ("name", "judging", "code"),
    [
        ("fps_25", {"max_bytes": 1000}, "upload_too_large"),
        ("fps_25", {"max_duration_seconds": 1.0}, "limit_duration"),
    ],
)
def test_the_operators_limits_count(name: str, judging: dict[str, Any], code: str) -> None:
    told = _beforehand(sample(name).path(), **judging)
    assert (told.name, told.error and told.error.code) == ("refused", code)
    assert _beforehand(sample(name).path(), source_limits=Limits(bits_per_second=1000)).name == "encode"


def test_it_asks_for_the_index_behind_the_media() -> None:
    data = sample("moov_last").path().read_bytes()
    media_size = 3 << 20
    # The same file with media so long that its head does not reach the index.
    at = data.index(b"mdat") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    filler = (media_size).to_bytes(4, "big") + b"free" + bytes(media_size - 8)
    long = data[: at + length] + filler + data[at + length :]

    nothing = judge(SparseBytes(len(long), {}), ASKED, JUDGING)
    assert (nothing.name, nothing.wanted) == ("unknown", (0, 1 << 20))
    ranges = {0: long[: 1 << 20]}
    for _ in range(3):
        told = judge(SparseBytes(len(long), ranges), ASKED, JUDGING)
        if told.wanted is None:
            break
        start, length = told.wanted
        ranges[start] = long[start : start + length]
    assert told.name == "fit"
    assert sum(map(len, ranges.values())) < len(long) - (1 << 20)


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("webm_vp9", "encode", "video codec vp09"),
        ("mkv", "unknown", "how its frames lie is not known before it arrives"),
        ("only_sound_webm", "encode", "it has no pictures"),
    ],
)
def test_a_matroska_in_part_is_told_by_its_codec(name: str, verdict: str, reason: str) -> None:
    data = sample(name).path().read_bytes()
    # A void before the first cluster, so long that there is nothing of the clusters in the file's beginning.
    void = 2 << 20
    at = data.index(b"\x1f\x43\xb6\x75")
    long = data[:at] + b"\xec\x01" + void.to_bytes(7, "big") + bytes(void) + data[at:]
    ranges = {0: long[: 1 << 20]}

    told = judge(SparseBytes(1 << 30, ranges), ASKED, JUDGING)
    assert (told.name, told.wanted is not None) == ("unknown", True)
    start, length = told.wanted or (0, 0)
    ranges[start] = long[start : start + length]
    told = judge(SparseBytes(1 << 30, ranges), ASKED, JUDGING)

    assert (told.name, told.reasons) == (verdict, (reason,))


def test_an_index_that_is_too_large_is_not_asked_for() -> None:
    size = 1 << 32
    head = b"\0\0\0\x10ftypisom\0\0\0\0" + (MOST_BYTES * 2).to_bytes(4, "big") + b"moov"
    told = judge(SparseBytes(size, {0: head + bytes(64 * 1024)}), ASKED, JUDGING)
    assert (told.name, told.wanted) == ("unknown", None)


def test_a_claim_of_very_many_samples_is_not_listed() -> None:
    data = sample("fragmented_every_frame").path().read_bytes()
    # A run of 2^32-1 samples without any field of its own: listed, they would take gigabytes.
    at = data.index(b"trun")
    bomb = data[: at + 4] + b"\0\0\0\0" + b"\xff\xff\xff\xff" + data[at + 12 :]

    told = judge(SparseBytes(1 << 40, {0: bomb}), ASKED, Judging(Limits(), 1 << 41, 12 * 3600))

    assert told.name == "unknown"


def test_a_matroska_of_very_many_frames_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _beforehand(sample("mkv").path()).name == "fit"
    monkeypatch.setattr("playhead.processing.preflight.MOST_SAMPLES", 60)  # it has 71
    told = _beforehand(sample("mkv").path())
    assert (told.name, told.reasons) == ("unknown", ("The file has too many frames.",))


def test_what_makes_our_reader_stumble_is_not_known_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    for slip in (*SLIPS, TimeoutError):

        async def stumbling(source: SparseBytes, slip: type[Exception] = slip) -> None:
            raise slip("a number")

        monkeypatch.setattr("playhead.processing.preflight.read_head", stumbling)
        assert _beforehand(sample("mkv").path()).name == "unknown"


_BOMBS = (
    "bomb_avi",
    "bomb_mkv",
    "bomb_table",
    "bomb_header",
    "bomb_many",
    "bomb_900",
    "bomb_90000",
    "bomb_no_time",
    "bomb_edit",
)


@pytest.mark.parametrize(
    "each", [each for each in HOSTILE if each.name.startswith(_BOMBS)], ids=lambda each: each.name
)
def test_a_bomb_is_answered_or_refused_by_name(each: Sample) -> None:
    told = _beforehand(each.path())

    assert told.error is None or told.error.code in each.codes


_SEEDS = ("moov_last", "fps_25", "fragmented_every_frame", "mkv", "sar_rotated", "sound_pcm")


@settings(max_examples=40)
@given(st.data())
def test_any_damage_and_any_ranges_get_an_answer(data: st.DataObject) -> None:
    whole = bytearray(sample(data.draw(st.sampled_from(_SEEDS))).path().read_bytes())
    for at, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=12)
    ):
        whole[at] = byte
    pieces = data.draw(
        st.dictionaries(st.integers(0, len(whole) + 9), st.integers(0, len(whole)), max_size=4)
    )
    ranges = {start: bytes(whole[start : start + length]) for start, length in pieces.items()}
    if data.draw(st.booleans()):
        ranges[0] = bytes(whole)
    size = data.draw(st.sampled_from([len(whole), 0, 1, len(whole) // 2, 1 << 40, 1 << 62]))

    told = judge(SparseBytes(size, ranges), ASKED, Judging(Limits(), 1 << 62, 12 * 3600))

    assert (told.error is not None) == (told.name == "refused")
    assert told.error is None or told.error.kind.status < 500
    assert told.name != "fit" or told.reasons == ()
    assert told.wanted is None or (told.wanted[1] > 0 and sum(told.wanted) <= size)


@settings(max_examples=40)
@given(st.binary(max_size=300), st.integers(0, 1 << 62))
def test_garbage_gets_an_answer(garbage: bytes, size: int) -> None:
    told = judge(SparseBytes(size, {0: garbage + bytes(70_000)}), ASKED, Judging(Limits(), 1 << 62, 43_200))
    assert told.error is None or told.error.kind.status < 500

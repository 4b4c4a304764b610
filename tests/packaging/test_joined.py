"""Pieces encoded one by one, joined, and compared frame by frame with the pieces themselves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.packaging import Assembly, Piece, Span, join
from tests.media.mp4.clips import AAC, BFRAMES, VFR, X264, ffmpeg, packets, picture, sound
from tests.packaging.play import hashes, index, md5s, rendered

FRAMES = (20, 7, 1, 32)
"""How many frames each piece has; one alone has no B-frame and hence no delay."""
SHAPES = {
    "25": (("25", ""), Fraction(25)),
    "29.97": (("30000/1001", ""), Fraction(30000, 1001)),
    "vfr": (("50", VFR + ","), None),
}


def encode_pieces(
    folder: Path, rate: str, select: str, frames: tuple[int, ...] = FRAMES, *more: str
) -> list[Path]:
    """One MP4 for each count of frames, cut out of one moving picture."""
    paths = []
    for number, (first, count) in enumerate(zip(accumulate(frames, initial=0), frames, strict=False)):
        path = folder / f"{number}.mp4"
        # VFR drops frames before the cut; the last piece ends at 4 s, whatever is left of it.
        cut = f"{select}trim=start_frame={first}:end_frame={first + count},setpts=PTS-STARTPTS"
        ffmpeg(
            *picture(4, rate), "-vf", cut, "-fps_mode", "passthrough", *X264, *BFRAMES, *more,
            "-video_track_timescale", "90000", path,
        )  # fmt: skip
        paths.append(path)
    return paths


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    (rate, select), _ = SHAPES[str(request.param)]
    return encode_pieces(tmp_path_factory.mktemp(str(request.param)), rate, select)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tone") / "tone.mp4"
    ffmpeg(*sound(2.4), *AAC, path)
    return path


def on_timeline(paths: list[Path], start: int = 0, scale: int = 1) -> list[Piece]:
    """The pieces one after the other, each as long as its frames."""
    pieces = []
    for path in paths:
        movie = index(path)
        assert movie.video is not None
        pieces.append(Piece(movie, start))
        start += movie.video.media_end - min(movie.video.composition_times)
    return [replace(piece, start=piece.start // scale) for piece in pieces]


def expected_times(paths: list[Path], pieces: list[Piece]) -> list[Fraction]:
    """When each frame has to be shown, by ffprobe's reading of each piece."""
    times = []
    for path, piece in zip(paths, pieces, strict=True):
        own = sorted(int(packet["pts"]) for packet in packets(path))
        times += [Fraction(piece.start + time - own[0], 90000) for time in own]
    return times


def written(assembly: Assembly, sources: list[Path], folder: Path) -> Path:
    path = folder / "joined.mp4"
    path.write_bytes(rendered(assembly, sources))
    return path


def test_every_frame_is_there_at_its_time(shape: list[Path], tone: Path, tmp_path: Path) -> None:
    pieces = on_timeline(shape)
    joined = written(join(pieces, 90000, index(tone)), [*shape, tone], tmp_path)
    found = hashes(joined, "v:0")
    assert md5s(found) == [md5 for path in shape for md5 in md5s(hashes(path, "v:0"))]
    assert [time for time, _ in found] == expected_times(shape, pieces)
    assert hashes(joined, "a:0", copy=True) == hashes(tone, "a:0", copy=True)
    assert hashes(joined, "a:0") == hashes(tone, "a:0")


def test_decode_times_rise_and_never_pass_the_showing(shape: list[Path], tmp_path: Path) -> None:
    joined = written(join(on_timeline(shape), 90000), shape, tmp_path)
    times = [(int(packet["dts"]), int(packet["pts"])) for packet in packets(joined)]
    assert all(dts <= pts for dts, pts in times)
    assert all(left[0] < right[0] for left, right in pairwise(times))


def test_each_keyframe_can_be_sought(shape: list[Path], tmp_path: Path) -> None:
    pieces = on_timeline(shape)
    joined = written(join(pieces, 90000), shape, tmp_path)
    whole = hashes(joined, "v:0")
    for piece in pieces[1:]:
        time = Fraction(piece.start, 90000)
        sought = hashes(joined, "v:0", options=["-ss", str(float(time))])
        assert md5s(sought) == [md5 for shown, md5 in whole if shown >= time]


def test_it_is_an_ordinary_faststart_file(shape: list[Path], tone: Path, tmp_path: Path) -> None:
    assembly = join(on_timeline(shape), 90000, index(tone))
    joined = written(assembly, [*shape, tone], tmp_path)
    movie = index(joined)
    assert assembly.head.index(b"moov") < assembly.head.index(b"mdat")
    assert len(assembly.head) == joined.read_bytes().index(b"mdat") + 4
    assert movie.complete
    assert [(track.kind, track.codec, track.language) for track in movie.tracks] == [
        ("video", "avc1", "und"),
        ("audio", "mp4a", "und"),
    ]
    # Video and sound take turns of about half a second.
    switches = sum(
        a.source == 4 or b.source == 4 for a, b in zip(assembly.spans, assembly.spans[1:], strict=False)
    )
    assert switches >= 2 * movie.duration / movie.timescale


def test_the_timeline_may_have_gaps_and_start_late(shape: list[Path], tmp_path: Path) -> None:
    spread = [
        replace(piece, start=piece.start + 45000 * (number + 1))
        for number, piece in enumerate(on_timeline(shape))
    ]
    joined = written(join(spread, 90000), shape, tmp_path)
    assert [time for time, _ in hashes(joined, "v:0")] == expected_times(shape, spread)


def test_a_coarser_timeline_rounds_each_time(tmp_path: Path) -> None:
    paths = encode_pieces(tmp_path, "30000/1001", "", (12, 12))
    pieces = [Piece(index(paths[0]), 0), Piece(index(paths[1]), 400)]
    joined = written(join(pieces, 1000), paths, tmp_path)
    step = Fraction(1001, 30000)
    expected = [Fraction(base + round(frame * step * 1000), 1000) for base in (0, 400) for frame in range(12)]
    assert [time for time, _ in hashes(joined, "v:0")] == expected


def test_pieces_of_different_encoders_keep_their_own_parameter_sets(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = encode_pieces(tmp_path / "a", "25", "", (12, 13))
    other = encode_pieces(
        tmp_path / "b", "25", "", (12, 13), "-profile:v", "high", "-coder", "1", "-refs", "4", "-8x8dct", "1"
    )
    paths = [one[0], other[1], one[0]]
    pieces = on_timeline(paths)
    joined = written(join(pieces, 90000), paths, tmp_path)
    video = index(joined).video
    assert video is not None
    assert len(video.sample_entries) == 2
    found = hashes(joined, "v:0")
    assert md5s(found) == [md5 for path in paths for md5 in md5s(hashes(path, "v:0"))]
    assert [time for time, _ in found] == expected_times(paths, pieces)


def test_colour_and_pixel_aspect_come_through(tmp_path: Path) -> None:
    colour = (
        "-colorspace",
        "bt709",
        "-color_primaries",
        "bt709",
        "-color_trc",
        "bt709",
        "-movflags",
        "+write_colr",
    )
    paths = encode_pieces(tmp_path, "25", "setsar=4/3,", (5, 5), *colour)
    assembly = join(on_timeline(paths), 90000)
    assert assembly.head.count(b"colrnclx") == assembly.head.count(b"pasp") == 1
    movie = index(written(assembly, paths, tmp_path))
    assert movie.video is not None
    assert (round(movie.video.display_width), movie.video.display_height) == (171, 72)


def test_pieces_that_overlap_are_refused(shape: list[Path]) -> None:
    pieces = on_timeline(shape)
    with pytest.raises(PlayheadError, match="output_invalid"):
        join([pieces[0], replace(pieces[1], start=pieces[1].start - 9000)], 90000)
    with pytest.raises(PlayheadError, match="output_invalid"):
        join([], 90000)


def test_files_beyond_4_gib_use_wide_offsets(shape: list[Path], tmp_path: Path) -> None:
    # The same index with frames of 100 MB each: nothing but the header is made.
    piece = on_timeline(shape)[0]
    track = piece.movie.tracks[0]
    samples = replace(
        track.samples, size_table=type(track.samples.size_table)("I", [100_000_000] * track.samples.count)
    )
    heavy = replace(piece, movie=replace(piece.movie, tracks=(replace(track, samples=samples),)))
    assembly = join([heavy, *on_timeline(shape[:1], start=900_000)], 90000)
    assert assembly.size > 2_000_000_000
    many = [replace(heavy, start=number * 900_000) for number in range(3)]
    large = join(many, 90000)
    assert large.size > 1 << 32
    assert b"co64" in large.head
    assert large.head[-16:-8] == b"\0\0\0\1mdat"
    assert int.from_bytes(large.head[-8:], "big") == 3 * 100_000_000 * FRAMES[0] + 16


def test_a_part_of_a_virtual_file_is_those_bytes() -> None:
    assembly = Assembly(b"header", (Span(0, 100, 10), Span(1, 5, 1), Span(0, 110, 4)))
    stored = [bytes(range(200)), bytes(range(50, 100))]
    whole = b"header" + stored[0][100:110] + stored[1][5:6] + stored[0][110:114]
    for start in range(assembly.size + 2):
        for length in range(assembly.size + 2 - start):
            parts = [
                part
                if isinstance(part, bytes)
                else stored[part.source][part.offset : part.offset + part.length]
                for part in assembly.part(start, length)
            ]
            assert b"".join(parts) == whole[start : start + length]

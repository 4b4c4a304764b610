import itertools

from hypothesis import given
from hypothesis import strategies as st

from playhead.media.ffmpeg.progress import START, Progress, ProgressReader

# As ffmpeg 5.1 and 8.1 write it, at the first packet and at the end.
_REPORTS = b"""frame=1
fps=0.00
stream_0_0_q=0.0
bitrate=N/A
total_size=N/A
out_time_us=N/A
out_time_ms=N/A
out_time=N/A
dup_frames=0
drop_frames=0
speed=N/A
progress=continue
frame=50
fps=49.3
stream_0_0_q=-1.0
bitrate=  42.1kbits/s
total_size=9895
out_time_us=1880078
out_time_ms=1880078
out_time=00:00:01.880078
dup_frames=0
drop_frames=0
speed=48.3x
progress=end
"""
_EXPECTED = [
    Progress(frame=1, out_time_seconds=0.0),
    Progress(frame=50, out_time_seconds=1.880078, total_bytes=9895),
]


@given(st.lists(st.integers(0, len(_REPORTS)), max_size=20))
def test_reports_are_whole_wherever_the_reads_cut(cuts: list[int]) -> None:
    reader = ProgressReader()
    edges = [0, *sorted(cuts), len(_REPORTS)]
    pieces = [_REPORTS[start:end] for start, end in itertools.pairwise(edges)]
    found = [report for piece in pieces for report in reader.feed(piece)]
    assert found == _EXPECTED


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_anything_else_is_survived(pieces: list[bytes]) -> None:
    reader = ProgressReader()
    for piece in pieces:
        for report in reader.feed(piece):
            assert report.frame >= 0
            assert report.out_time_seconds >= 0


def test_a_line_without_an_end_is_not_kept() -> None:
    reader = ProgressReader()
    for _ in range(100):
        reader.feed(b"x" * 10_000)
    assert reader.feed(b"\nframe=3\nprogress=end\n") == [Progress(frame=3, out_time_seconds=0.0)]


def test_odd_numbers_count_as_nothing() -> None:
    text = b"frame=nan\nout_time_us=-40000\nspeed=infx\ntotal_size=1e300\nprogress=continue\n"
    assert ProgressReader().feed(text) == [START]


def test_any_of_three_numbers_is_a_move() -> None:
    for later in (Progress(1, 0), Progress(0, 0.1), Progress(0, 0, total_bytes=1)):
        assert later.is_beyond(START)
    assert not Progress(0, 0).is_beyond(START)

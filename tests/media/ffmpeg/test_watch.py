import os
import subprocess
from pathlib import Path

import pytest

from playhead.media.ffmpeg.invocation import MIB, Limits
from playhead.media.ffmpeg.watch import Sample, Watch, peak_memory, take_sample

_LIMITS = Limits(
    wall_seconds=100,
    quiet_seconds=10,
    memory_bytes=100 * MIB,
    scratch_bytes=50 * MIB,
    threads=20,
)


def test_within_its_limits_it_is_left_alone() -> None:
    watch = Watch(_LIMITS, started=1000.0)
    assert watch.judge(Sample(memory_bytes=100 * MIB, scratch_bytes=50 * MIB, threads=20), 1010.0) is None


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (Sample(memory_bytes=100 * MIB + 1), "100 MiB of memory"),
        (Sample(scratch_bytes=50 * MIB + 1), "50 MiB of scratch"),
        (Sample(threads=21), "20 threads"),
    ],
)
def test_each_use_has_its_limit(sample: Sample, words: str) -> None:
    reason = Watch(_LIMITS, started=0.0).judge(sample, 1.0)
    assert reason is not None
    assert (reason.code, words in reason.detail) == ("resource_limit", True)


def test_standing_still_is_counted_from_the_last_move() -> None:
    watch = Watch(_LIMITS, started=0.0)
    watch.moved(8.0)
    assert watch.judge(Sample(), 18.0) is None
    reason = watch.judge(Sample(), 18.1)
    assert reason is not None
    assert (reason.code, "no progress for 10 seconds" in reason.detail) == ("decode_timeout", True)


def test_computing_is_progress_only_for_who_reports_nothing_else() -> None:
    probe, encoder = Watch(_LIMITS, started=0.0), Watch(_LIMITS, started=0.0)
    probe.cpu_counts_as_progress = True
    assert probe.judge(Sample(cpu_seconds=3.0), 11.0) is None
    assert encoder.judge(Sample(cpu_seconds=3.0), 11.0) is not None
    assert probe.judge(Sample(cpu_seconds=3.0), 22.0) is not None


def test_no_progress_saves_from_the_wall_clock() -> None:
    watch = Watch(_LIMITS, started=0.0)
    watch.moved(100.5)
    reason = watch.judge(Sample(), 100.6)
    assert reason is not None
    assert "longer than 100 seconds" in reason.detail


def test_a_sample_counts_children_and_the_scratch_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 3 * MIB)
    (tmp_path / "link").symlink_to("/usr/lib")
    with subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True) as shell:
        try:
            while take_sample(shell.pid, None).threads < 2:
                assert shell.poll() is None
            sample = take_sample(shell.pid, tmp_path)
        finally:
            os.killpg(shell.pid, 9)
    assert sample.threads == 2
    assert sample.memory_bytes > 0
    assert 3 * MIB <= sample.scratch_bytes < 4 * MIB


def test_what_has_gone_counts_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    assert take_sample(ended.pid, tmp_path / "gone") == Sample()
    assert peak_memory(ended.pid) == 0


def test_an_endless_number_of_files_is_too_much_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.media.ffmpeg.watch._MOST_FILES", 20)
    for number in range(21):
        (tmp_path / str(number)).touch()
    reason = Watch(_LIMITS, started=0.0).judge(take_sample(os.getpid(), tmp_path), 1.0)
    assert reason is not None
    assert reason.code == "resource_limit"


def test_a_folder_too_deep_to_list_is_too_much_space(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # longer than a path may be
        os.mkdir("x" * 250, dir_fd=here)
        deeper = os.open("x" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    reason = Watch(_LIMITS, started=0.0).judge(take_sample(os.getpid(), tmp_path), 1.0)
    assert reason is not None
    assert reason.code == "resource_limit"

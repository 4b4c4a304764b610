"""What a worker keeps of its own: a scratch folder that tells the living from the dead."""

from __future__ import annotations

from pathlib import Path

from playhead.app.worker import scratch_folder


def test_a_worker_clears_the_folders_of_the_dead_and_spares_the_living(tmp_path: Path) -> None:
    dead = tmp_path / "worker-dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "half.mp4").write_bytes(b"x")
    being_made = tmp_path / "worker-new"
    being_made.mkdir()
    with scratch_folder(tmp_path) as living:
        assert not dead.exists()
        assert being_made.exists()
        with scratch_folder(tmp_path) as other:
            assert living.exists()
            assert other != living
        assert not other.exists()
    assert not living.exists()

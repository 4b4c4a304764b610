"""Jobs that are lost, and workers that stand still: work is found again from rows alone, and done once."""

from __future__ import annotations

import time
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from tests.faults.stage import Stage, over, until
from tests.invariants import violations

CHUNK = "-force_key_frames"


def test_deleting_every_job_only_delays(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        made = [stage.create(client) for _ in range(3)]
        with stage.tools.rules("wait", [f"ffmpeg *{made[0]['id']}*", f"ffmpeg *{made[1]['id']}*{CHUNK}*"]):
            sent = [stage.send(client, created) for created in made]
            until(lambda: stage.tools.held(made[1]["id"], CHUNK), "an encode under way")
            assert stage.rows("DELETE FROM procrastinate_jobs RETURNING id")
        for each in sent:  # and while they run, at each of their steps
            until(lambda each=each: len(stage.told(each.video_id)) > 3, "the next step")  # type: ignore[misc]
            stage.rows("DELETE FROM procrastinate_jobs RETURNING id")
        ended = over(client, sent)
    assert {video["status"] for video in ended.values()} == {"ready"}
    assert violations(stage.scene, sent, tmp_path) == []


def test_a_worker_that_stands_still_holds_nobody_up_and_publishes_nothing_twice(
    stage: Stage, tmp_path: Path
) -> None:
    """One of its videos is being encoded, of another it is just publishing a piece; it is overtaken in both."""
    with stage.live.http() as client:
        made = [stage.create(client) for _ in range(2)]
        encoding, publishing = [f"ffmpeg *{each['id']}*{CHUNK}*" for each in made]
        with stage.tools.rules("wait", [encoding]):
            with stage.tools.rules("wait", [publishing]):
                sent = [stage.send(client, created) for created in made]
                for created in made:
                    until(lambda c=created: stage.tools.held(c["id"], CHUNK), "an encode")  # type: ignore[misc]
            with stage.locked("pieces", "SHARE"):
                until(lambda: stage.rows(_PUBLISHING), "a piece about to be published")
                asleep = stage.process("worker")
                asleep.send_signal(SIGSTOP)
        begun = time.monotonic()
        with stage.another_worker():
            ended = over(client, sent)
            print(f"overtaken, and all ready after {time.monotonic() - begun:.1f} s")
            asleep.send_signal(SIGCONT)
            # Its own encodes have ended by now, and it says so; then it has nothing left to do.
            until(lambda: not _busy(stage), "the end of what it was doing")
    assert {video["status"] for video in ended.values()} == {"ready"}
    assert violations(stage.scene, sent, tmp_path) == []


_PUBLISHING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE pieces%%'"


def _busy(stage: Stage) -> bool:
    doing = "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing' AND task_name NOT LIKE 'look%%'"
    return bool(stage.rows(doing))

"""A video that kills its worker each time is parked by its name, and those beside it become ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.processing.workshop import MAX_ATTEMPTS, SUSPECTED_AFTER
from tests.faults.stage import Stage, over, staged, until
from tests.invariants import violations

COUNTED = "SELECT name, attempts FROM steps WHERE video_id = %s"
DEATHS = "a process ended and is started again"


@pytest.fixture(scope="module")
def open_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server without a sandbox: from inside of one nothing can send its worker a signal."""
    with staged(tmp_path_factory.mktemp("poison"), UNSAFE_NO_SANDBOX="true") as stage:
        yield stage


@pytest.mark.soak
@pytest.mark.parametrize("whole", [pytest.param(False, id=""), pytest.param(True, id="whole")])
def test_a_poison_video_is_parked_and_takes_nobody_along(
    open_stage: Stage, tmp_path: Path, *, whole: bool
) -> None:
    """An innocent is in the middle of its encodes when the worker dies; a newcomer arrives amid of it all.

    The `whole` of it takes minutes, as a dead worker's jobs are taken up after ten seconds. Else the poison has
    killed before so often that two deaths in company and one alone are left to it.
    """
    stage, before = open_stage, open_stage.live.output().count(DEATHS)
    with stage.live.http() as client:
        innocent, poison = stage.create(client), stage.create(client)
        with stage.tools.rules("wait", [f"ffmpeg *{innocent['id']}*-force_key_frames*.mp4*"]):
            sent = [stage.send(client, innocent)]
            until(lambda: stage.tools.held(innocent["id"], "-force_key_frames"), "an encode")
            stage.tools.add("kill", f"ffmpeg *{poison['id']}*-force_key_frames*.mp4*")
            sent.append(stage.send(client, poison))
            until(lambda: worst(stage, poison["id"]) >= SUSPECTED_AFTER, "deaths in company", within=300)
        if not whole:
            stage.rows(_MARKED, MAX_ATTEMPTS - 1, poison["id"])
        sent.append(stage.send(client, stage.create(client)))
        ended = over(client, sent, within=900)
    assert [ended[each.video_id]["status"] for each in sent] == ["ready", "fail", "ready"]
    assert ended[poison["id"]]["error"]["code"] == "attempts_exhausted"
    assert f"was begun {MAX_ATTEMPTS} times" in ended[poison["id"]]["error"]["message"]
    tried = [each for each in ended[poison["id"]]["error"]["attempts"] if each["begun"] == MAX_ATTEMPTS]
    told = {(each["step"].partition(":")[0], each["failed"], each["last_error"]) for each in tried}
    assert told == {("chunk", 0, None)}
    # Once suspected the innocent ran without the poison, whose later deaths did not count against it.
    assert worst(stage, innocent["id"]) <= SUSPECTED_AFTER + 2
    deaths = stage.live.output().count(DEATHS) - before
    print(f"{deaths} deaths, and {worst(stage, innocent['id'])} attempts of the innocent")
    assert deaths >= (MAX_ATTEMPTS if whole else SUSPECTED_AFTER)
    assert violations(stage.scene, sent, tmp_path) == []


_MARKED = "UPDATE steps SET attempts = %s WHERE video_id = %s AND name LIKE 'chunk:%%' RETURNING 1"


def worst(stage: Stage, video_id: str) -> int:
    """How often the video's most often begun step was begun."""
    return max((row["attempts"] for row in stage.rows(COUNTED, video_id)), default=0)

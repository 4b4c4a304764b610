"""The whole set of generated files, and thousands of mutations, with a summary in numbers: for `make soak`.

A part of any size can be run: `PLAYHEAD_SOAK_SHARE=2/20` takes the second twentieth of the generated set, and
`PLAYHEAD_SOAK_MUTATIONS=500:77` 77 mutations of each seed from number 500 on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import parade
from tests.live import Live, serving
from tests.media.samples import HOSTILE, SAMPLES, Cache, Ended, Sample
from tests.media.samples.canary import Canary
from tests.media.samples.mutations import mutations
from tests.media.samples.references import reference_samples

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

MIB = 1024 * 1024
SLOWEST_ANSWER = 10.0
"""Seconds until a file is refused or planned, on a machine that does nothing else."""
MOST_PROBE_MEMORY = 512 * MIB
WITHIN = 600.0
"""Seconds after which a video is taken to be stuck; a batch waits for each other."""
BATCH = 24
STUCK = "stuck"
"""In the place of a code, for a video that did not end."""
Sent = tuple[Sample, tuple[str | None, str | None]]
"""A sample, and what `parade.send` gave for it."""
OURS = frozenset({"internal_error", "decoder_crashed", "attempts_exhausted"})
"""Codes that no file may ever end with."""


@pytest.fixture
def canary() -> Iterator[Canary]:
    with tempfile.TemporaryDirectory(prefix="playhead-canary-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Canary(Path(folder)) as bait:
            yield bait


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("soak")) as live:
        yield live


def share(samples: Sequence[Sample]) -> list[Sample]:
    """The part of the set that this run is about; all of it unless told otherwise."""
    number, _, of = os.environ.get("PLAYHEAD_SOAK_SHARE", "1/1").partition("/")
    return list(samples)[int(number) - 1 :: int(of)]


def load() -> float:
    """How many times as long things take as on a machine that does nothing else."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_every_generated_file_is_probed_within_its_limits(tmp_path: Path, canary: Canary) -> None:
    """Looked at in the sandbox, one after the other, by a process that starts nothing else."""
    samples = share([*SAMPLES, *HOSTILE, *reference_samples(canary)])
    listed = {
        each.name: str(each.path(Cache(tmp_path) if each.category == "reference" else None))
        for each in samples
    }
    canary.opens(), canary.contacts()
    asked = tmp_path / "asked.json"
    asked.write_text(json.dumps(listed))
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.probing", asked], capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        found[told["name"]] = told
    wrong = [
        f"{each.name}: {found[each.name]['code']}"
        for each in samples
        if not _acceptable(each, found[each.name]["code"])
    ]
    slowest = max(found.values(), key=lambda told: told["seconds"])
    peak = max(told["peak"] for told in found.values())
    most = min((told for told in found.values() if told["peak"] == peak), key=lambda told: told["seconds"])
    bait = (canary.opens(), len(canary.contacts()))
    print(
        f"\n{len(found)} files probed: hangs {_count(found, 'hang')}, crashes {_count(found, *OURS)},"
        f" as expected {1 - len(wrong) / len(found):.1%}, slowest {slowest['seconds']:.1f} s ({slowest['name']}),"
        f" peak memory {peak / MIB:.0f} MiB ({most['name']}), canary opened {bait[0]} and called {bait[1]} times,"
        f" load {load():.1f}"
    )
    assert wrong == []
    assert bait == (0, 0)
    assert peak <= MOST_PROBE_MEMORY
    assert slowest["seconds"] <= SLOWEST_ANSWER * load()


def _acceptable(sample: Sample, code: str | None) -> bool:
    """Probing alone finds most of what is wrong with a file; decoding it all may find more."""
    if code is None:
        return (
            sample.may_be_ready or any(isinstance(each, Ended) for each in sample.outcomes) or _later(sample)
        )
    return code in sample.codes


def _later(sample: Sample) -> bool:
    """Whether a sample may be refused when it is encoded, not before."""
    return bool(sample.codes & {"corrupt_file", "no_frames", "resource_limit", "decode_timeout"})


def _count(found: dict[str, dict[str, Any]], *codes: str) -> int:
    return sum(told["code"] in codes for told in found.values())


def test_every_generated_file_ends_as_it_must(server: Live, canary: Canary, tmp_path: Path) -> None:
    """Through a real server: as expected, and nothing left over."""
    samples = share([*SAMPLES, *HOSTILE, *reference_samples(canary)])
    caches = {each.name: Cache(tmp_path) if each.category == "reference" else None for each in samples}
    _march(server, samples, tmp_path, canary, caches)


def test_mutations_end_by_name_or_are_harmless(server: Live, canary: Canary, tmp_path: Path) -> None:
    """Files damaged at random, by a seed: never a hang, a crash, a 5xx or a video that is stuck."""
    first, _, each = os.environ.get("PLAYHEAD_SOAK_MUTATIONS", "0:770").partition(":")
    _march(server, mutations(int(each), int(first)), tmp_path, canary, {})


def _march(
    server: Live, samples: Sequence[Sample], folder: Path, canary: Canary, caches: dict[str, Cache | None]
) -> None:
    wrong: list[str] = []
    codes: Counter[str] = Counter()
    slowest = (0.0, "")
    sent: list[Sent] = []
    for start in range(0, len(samples) + BATCH, BATCH):  # each batch is judged while the next is worked on
        canary.opens(), canary.contacts()
        judged, sent = sent, _send(server, samples[start : start + BATCH], caches)
        endings = [(sample, _ending(server, answer)) for sample, answer in judged]
        slowest = max([slowest, *((ending.seconds, sample.name) for sample, ending in endings)])
        codes.update(ending.code or "ready" for _, ending in endings)
        wrong += _wrong(endings, folder)
        bait = (canary.opens(), len(canary.contacts()))
        wrong += [f"the canary was opened or called: {bait}"] if any(bait) else []
        _forget(server, [video_id for _, (video_id, _) in judged if video_id])
    stuck = codes[STUCK]
    left = _left(server)
    said = server.output()
    fallen = said.count("is started again")
    loud = [
        line
        for line in said.splitlines()
        if line.startswith("{") and json.loads(line)["level"] in ("error", "critical")
    ]
    print(
        f"\n{len(samples)} files through the server: stuck {stuck}, crashes {sum(codes[code] for code in OURS)},"
        f" processes fallen {fallen}, errors logged {len(loud)}, leftovers {len(left)},"
        f" as expected {1 - len(wrong) / len(samples):.2%}, longest wait {slowest[0]:.1f} s ({slowest[1]}),"
        f" load {load():.1f}; endings {dict(codes.most_common())}"
    )
    assert wrong == []
    assert (stuck, fallen, loud, left) == (0, 0, [], [])


def _send(server: Live, batch: Sequence[Sample], caches: dict[str, Cache | None]) -> list[Sent]:
    return [(each, parade.send(server, each.path(caches.get(each.name)), each.filename)) for each in batch]


def _ending(server: Live, answer: tuple[str | None, str | None]) -> parade.Ending:
    since = time.monotonic()
    try:
        return parade.ended(server, answer, since, WITHIN)
    except AssertionError:
        return parade.Ending(STUCK, time.monotonic() - since)


def _wrong(endings: Sequence[tuple[Sample, parade.Ending]], folder: Path) -> list[str]:
    def judge(what: tuple[Sample, parade.Ending]) -> list[str]:
        sample, ending = what
        with tempfile.TemporaryDirectory(dir=folder) as room:
            return [f"{sample.name}: {said}" for said in parade.disagreements(sample, ending, Path(room))]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [said for found in pool.map(judge, endings) for said in found]


def _forget(server: Live, video_ids: Sequence[str]) -> None:
    with server.http() as client:
        for video_id in video_ids:
            assert client.delete(f"/v1/videos/{video_id}").status_code == 204


def _left(server: Live) -> list[Path]:
    scratch = server.data / "scratch"
    deadline = time.monotonic() + 60
    left: list[Path] = []
    while time.monotonic() < deadline:
        left = [path for path in scratch.rglob("*") if path.is_file() and path.name != "lock"]
        if not left:
            break
        time.sleep(0.2)
    return left

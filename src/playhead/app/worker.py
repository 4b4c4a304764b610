"""The worker process: takes jobs off the queue and does them. The only place that binds jobs to code."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from procrastinate import App
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from playhead.app.logs import configure_logs
from playhead.app.wire import Parts, source_limits, wire
from playhead.events.deliver import deliver
from playhead.events.sender import Sender
from playhead.media.ffmpeg.sandbox.choose import choose_sandbox
from playhead.media.ffmpeg.scratch import remove
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.jobs import DEMAND, ENCODE, FETCH, LIGHT, LOOK, TELL
from playhead.model.plan import AUDIO
from playhead.processing.captions import take_captions
from playhead.processing.chunks import encode_audio, encode_chunk
from playhead.processing.finalise import finalise
from playhead.processing.images import make_poster
from playhead.processing.inspect import inspect
from playhead.processing.reconcile import forget, reconcile, sweep
from playhead.processing.workshop import Workshop
from playhead.settings import Settings
from playhead.upload.cleaning import abandon_overdue, keep_incoming_clear, look_after_multiparts
from playhead.upload.fetching import Fetching, fetch
from playhead.upload.url_source import Strangers

HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
"""A worker silent for this long is taken for dead: its transactions are undone and its jobs go to others."""
PRUNED_SECONDS = 30.0
"""After this long a silent worker is forgotten; longer than `STALLED_SECONDS`, or its jobs could be missed."""
LOOK_CONCURRENCY = 2
LIGHT_CONCURRENCY = 4
TELL_CONCURRENCY = 8
FETCH_CONCURRENCY = 4
DEMAND_CONCURRENCY = 2
GRACE_SECONDS = 5.0
"""How long running jobs may go on when told to stop; then they are cancelled and found again later."""
POLL_SECONDS = 2.0
"""How often to look for jobs without being notified of one."""

TURN_SECONDS = 0.001
"""How long a thread that reads an index may keep the others waiting: Python's own five milliseconds add up, for a job
that a viewer waits for takes dozens of turns."""

log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Work until told to stop by SIGTERM or SIGINT. Blocks."""
    configure_logs(settings)
    sys.setswitchinterval(TURN_SECONDS)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    with scratch_folder(settings.data / "scratch") as scratch:
        parts = wire(settings, silent_seconds=STALLED_SECONDS, scratch=scratch)
        sandbox = await choose_sandbox(find_tools(), unsafe_no_sandbox=settings.unsafe_no_sandbox)
        workshop = Workshop(
            records=parts.records,
            storage=parts.storage,
            sandbox=sandbox,
            scratch=scratch,
            max_duration_seconds=settings.max_duration_seconds,
            source_limits=source_limits(settings),
            events_kept_for=timedelta(days=settings.events_kept_days),
        )
        sender = Sender(local_networks_allowed=settings.local_networks_allowed)
        strangers = Strangers(local_networks_allowed=settings.local_networks_allowed)
        async with parts.records.queue.open_async():
            bind(parts.records.queue, workshop, parts, sender, Fetching(parts.uploads, strangers))
            log.info("worker started", sandbox=sandbox.name, scratch=str(scratch))
            # A fetch that went on elsewhere, or whose worker died, has left bytes in this machine's folder.
            clearing = asyncio.create_task(keep_incoming_clear(parts.uploads))
            try:
                await _run_queues(parts.records.queue, settings)
            finally:
                clearing.cancel()
                await asyncio.wait({clearing})
        await parts.records.close()


async def _run_queues(queue: App, settings: Settings) -> None:
    """One worker for each queue, in one process: neither short jobs nor viewers wait behind encodes."""
    concurrency = {
        LOOK: LOOK_CONCURRENCY,
        LIGHT: LIGHT_CONCURRENCY,
        TELL: TELL_CONCURRENCY,
        FETCH: FETCH_CONCURRENCY,
        DEMAND: DEMAND_CONCURRENCY,
        ENCODE: settings.encode_concurrency,
    }
    running = [
        asyncio.create_task(
            queue.run_worker_async(
                queues=[name],
                name=f"{name}@{os.getpid()}",
                concurrency=number,
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=PRUNED_SECONDS,
                shutdown_graceful_timeout=GRACE_SECONDS,
                fetch_job_polling_interval=POLL_SECONDS,
                delete_jobs="always",  # rows say what was done; finished jobs are of no use
            )
        )
        for name, number in concurrency.items()
    ]
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, stopping.set)
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
    for task in (told, *running):
        task.cancel()  # once: a second time would cut the jobs' own good ending short
    endings = await asyncio.gather(*running, return_exceptions=True)
    if not stopping.is_set():
        # One that ended by itself has failed: the supervisor starts us again.
        failed = [ending for ending in endings if isinstance(ending, Exception)]
        raise failed[0] if failed else RuntimeError("a queue's worker ended by itself")


def bind(queue: App, workshop: Workshop, parts: Parts, sender: Sender, fetching: Fetching) -> None:
    """Say what code does each job of `model.jobs`, and what is done over and over."""
    _bind_care(queue, workshop, parts)

    @queue.task(name="inspect")
    async def _inspect(video_id: str) -> None:
        await inspect(workshop, UUID(video_id))

    @queue.task(name="poster")
    async def _poster(video_id: str) -> None:
        await make_poster(workshop, UUID(video_id))

    @queue.task(name="encode_chunk")
    async def _encode_chunk(video_id: str, number: int) -> None:
        await encode_chunk(workshop, UUID(video_id), number)

    @queue.task(name="encode_on_demand")
    async def _encode_on_demand(video_id: str, track: str, number: int) -> None:
        await encode_chunk(workshop, UUID(video_id), number, only=track)

    @queue.task(name="encode_audio")
    async def _encode_audio(video_id: str, track: str = AUDIO) -> None:
        await encode_audio(workshop, UUID(video_id), track)

    @queue.task(name="take_captions")
    async def _take_captions(video_id: str) -> None:
        await take_captions(workshop, UUID(video_id))

    @queue.task(name="finalise")
    async def _finalise(video_id: str, track: str) -> None:
        await finalise(workshop, UUID(video_id), track)

    @queue.task(name="fetch")
    async def _fetch(video_id: str) -> None:
        await fetch(fetching, UUID(video_id))

    @queue.task(name="deliver_webhook")
    async def _deliver(delivery_id: int) -> None:
        now = datetime.now(UTC)
        await deliver(delivery_id, records=parts.records, urls=parts.urls, sender=sender, now=now)

    @queue.task(name="sweep")
    async def _sweep() -> None:
        await sweep(workshop)


def _bind_care(queue: App, workshop: Workshop, parts: Parts) -> None:
    """Say what is done over and over."""

    @queue.periodic(cron="* * * * * */5")
    # No lock: the next look must not wait for one whose worker died, as looking is what frees such locks.
    @queue.task(name="look_around", queue=LOOK, queueing_lock="look_around")
    async def _look_around(timestamp: int) -> None:  # noqa: ARG001 -- the scheduler gives it
        await retry_stalled(queue)
        await reconcile(workshop)
        await forget(workshop)

    @queue.periodic(cron="* * * * * */5")
    # Apart from the other, which brings lost work back: this one needs the store, and may copy a large file in it.
    @queue.task(
        name="look_after_uploads", queue=LOOK, lock="look_after_uploads", queueing_lock="look_after_uploads"
    )
    async def _look_after_uploads(timestamp: int) -> None:  # noqa: ARG001 -- the scheduler gives it
        await abandon_overdue(parts.uploads)
        await look_after_multiparts(parts.uploads)


async def retry_stalled(queue: App) -> None:
    """Give the jobs of workers that fell silent to others."""
    for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("job of a dead worker", task=job.task_name, name=job.lock)
        try:
            await queue.job_manager.retry_job(job)
        except UniqueViolation:
            # The same work waits already as a newer job; this one only blocks its lock.
            await queue.job_manager.finish_job_by_id_async(job.id or 0, Status.FAILED, delete_job=True)


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """This worker's scratch folder. A lock tells the living from the dead, whose folders are removed."""
    root.mkdir(parents=True, exist_ok=True)
    for folder in root.iterdir():
        _remove_if_dead(folder)
    mine = Path(tempfile.mkdtemp(prefix="worker-", dir=root))
    lock = os.open(mine / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield mine
    finally:
        remove(mine)
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # just being made, or just being removed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        remove(folder)
    finally:
        os.close(lock)

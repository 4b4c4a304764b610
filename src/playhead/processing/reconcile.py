"""The reconciler: brings back whatever got lost between rows and jobs, and clears what is over.

It derives missing work from rows alone. Deleting every job only delays things until it has looked again.
"""

from __future__ import annotations

from playhead.model import jobs
from playhead.processing.workshop import Workshop
from playhead.records import answers, due, events, fetches, grants, objects, webhooks

VIDEOS_PER_LOOK = 200
SWEEP_BATCH = 500


async def reconcile(workshop: Workshop) -> int:
    """Enqueue every job that is due and neither waits nor runs; how many that were."""
    enqueued = 0
    async with workshop.records.transaction() as tx:
        busy = await due.busy_names(tx)
        waiting = await due.processing(tx, VIDEOS_PER_LOOK)
        deliveries = [jobs.deliver(number) for number in await webhooks.due(tx, VIDEOS_PER_LOOK)]
        fetching = [jobs.fetch(*each) for each in await fetches.due(tx, VIDEOS_PER_LOOK)]
        doomed = await objects.doomed(tx, 1)
    for video_id in waiting:
        async with workshop.records.transaction() as tx:
            missing = [job for job in await due.jobs_of(tx, video_id) if job.name not in busy]
            enqueued += await tx.defer_all(missing)
    async with workshop.records.transaction() as tx:
        others = [*deliveries, *fetching, *([jobs.sweep()] if doomed else [])]
        enqueued += await tx.defer_all([job for job in others if job.name not in busy])
    return enqueued


async def forget(workshop: Workshop) -> None:
    """Forget what is of no use any more: answers that were kept, grants, and what happened long ago."""
    async with workshop.records.transaction() as tx:
        await answers.clear(tx)
    async with workshop.records.transaction() as tx:
        await events.prune(tx, workshop.events_kept_for)
    async with workshop.records.transaction() as tx:
        await grants.prune(tx)


async def sweep(workshop: Workshop) -> None:
    """Delete the stored objects that nothing refers to any more, and cross them out."""
    while True:
        async with workshop.records.transaction() as tx:
            keys = await objects.doomed(tx, SWEEP_BATCH)
        if not keys:
            return
        for key in keys:
            await workshop.storage.delete(key)
        async with workshop.records.transaction() as tx:
            await objects.forget(tx, keys)

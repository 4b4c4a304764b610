"""`/healthz` and `/metrics`: for load balancers and for graphs."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from playhead.records import counts
from playhead.records.database import Records

RecordsGiven = NamedDependency[SkipValidation[Records]]


@get("/healthz", include_in_schema=False)
async def healthz(records: RecordsGiven) -> dict[str, str]:
    """Answer 200 when requests can be served; a database that is away makes it 503."""
    async with records.transaction() as tx:
        await counts.alive(tx)
    return {"status": "ok"}


@get("/metrics", include_in_schema=False)
async def metrics(records: RecordsGiven) -> Response[bytes]:
    """Videos by status and jobs by queue, in Prometheus' text format."""
    registry = CollectorRegistry()
    by_status = Gauge("playhead_videos", "Videos by status.", ["status"], registry=registry)
    by_queue = Gauge("playhead_jobs", "Jobs by queue and state.", ["queue", "state"], registry=registry)
    async with records.transaction() as tx:
        for status, number in await counts.videos_by_status(tx):
            by_status.labels(status).set(number)
        for queue, state, number in await counts.jobs_by_queue(tx):
            by_queue.labels(queue, state).set(number)
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

"""The web process: every route of every station on one port."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from playhead import __version__
from playhead.api.access import provide_project_id
from playhead.api.captions import CaptionsController
from playhead.api.embeds import Embeds
from playhead.api.grants import GrantsController
from playhead.api.health import healthz, metrics
from playhead.api.hyperserve import HyperserveController
from playhead.api.once import provide_once
from playhead.api.preflight import Preflight, PreflightController
from playhead.api.problems import handlers
from playhead.api.trace import trace
from playhead.api.videos import UploadsController, VideosController
from playhead.api.webhooks import WebhooksController
from playhead.app.data_plane import data_plane
from playhead.app.logs import configure_logs
from playhead.app.wire import Parts, source_limits, wire
from playhead.delivery.origin import handlers as delivery_handlers
from playhead.playback.pages import playback_routes
from playhead.processing.preflight import Judging
from playhead.settings import Settings
from playhead.upload.cleaning import keep_incoming_clear

KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep idle connections, so that it is never us who closes one just being used again."""
STOP_SECONDS = 8
"""How long requests may go on when told to stop."""


def build(parts: Parts) -> Litestar:
    """The web application."""
    preflight = Preflight(_judging(parts.settings))

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        kept = {
            asyncio.create_task(keep_incoming_clear(parts.uploads)),
            asyncio.create_task(parts.streaming.listen()),
        }
        yield
        for task in kept:
            task.cancel()
        await asyncio.wait(kept)
        await parts.records.close()

    def given(value: Any) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    return Litestar(
        route_handlers=[
            HyperserveController,
            VideosController,
            CaptionsController,
            UploadsController,
            GrantsController,
            PreflightController,
            WebhooksController,
            healthz,
            metrics,
            *data_plane(parts, preflight),
            *delivery_handlers,
            playback_routes(
                Embeds(parts.records, parts.urls, parts.signer), origins=(_origin(parts.settings.base_url),)
            ),
        ],
        dependencies={
            "records": given(parts.records),
            "storage": given(parts.storage),
            "signer": given(parts.signer),
            "urls": given(parts.urls),
            "streaming": given(parts.streaming),
            "uploads": given(parts.uploads),
            "preflight": given(preflight),
            "settings": given(parts.settings),
            "project_id": Provide(provide_project_id),
            "once": Provide(provide_once),
        },
        exception_handlers=handlers,
        lifespan=[lifespan],
        openapi_config=OpenAPIConfig(
            title="Playhead",
            version=__version__,
            path="/v1",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=1024 * 1024,
        logging_config=None,  # `app.logs` has set up one format for everything
    )


def _judging(settings: Settings) -> Judging:
    return Judging(source_limits(settings), settings.resumable_limit, settings.max_duration_seconds)


def _origin(url: str) -> str:
    """Scheme, host and port of a URL: what pages opened under another name must be let load from."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def run(settings: Settings, listening: socket.socket) -> None:
    """Serve on a socket that listens already, until told to stop by SIGTERM or SIGINT. Blocks."""
    configure_logs(settings)
    config = uvicorn.Config(
        trace(build(wire(settings))),
        http="httptools",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    # What is there by now stays for good: not looking through it again spares every viewer a pause of up to 50 ms.
    gc.freeze()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening]))

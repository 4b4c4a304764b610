"""Log lines: one format for our own messages and for those of the libraries, with secrets cut out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from playhead.settings import Settings

HIDDEN = "[secret]"

_SECRET_NAMES = re.compile(
    r"secret|password|token|authorization|cookie|api_?key|credential|signature", re.IGNORECASE
)
_SECRET_TEXTS = (
    re.compile(r"\bph_[A-Za-z0-9_-]{20,}"),  # our own keys
    re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]{10,}"),  # webhook secrets
    re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)"),  # credentials in a URL
    # A signed capability, as a path segment or in a query: whoever has it may do what it allows.
    re.compile(r"\b[A-Za-z0-9_-]{8}\.[1-9][0-9]{0,10}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
    re.compile(r"(?<=[?&#])(?:key|token|sig|signature|X-Amz-[A-Za-z-]+)=[^&\s]+"),
)

_QUIET = dict.fromkeys(("procrastinate", "alembic", "sqlalchemy", "httpx"), logging.WARNING)
"""Libraries that tell of each step of their work; only what goes wrong is news."""


def configure_logs(settings: Settings) -> None:
    """Set up this process's log lines, to standard error: JSON, or text for a terminal."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(settings.log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what is secret by its name or by its looks, in every value of a line."""
    for name, value in event.items():
        event[name] = HIDDEN if _SECRET_NAMES.search(name) and value is not None else _hidden(value)
    return event


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        for looks in _SECRET_TEXTS:
            value = looks.sub(HIDDEN, value)
        return value
    if isinstance(value, dict):
        return {
            name: HIDDEN if _SECRET_NAMES.search(str(name)) else _hidden(each) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    # Everything else is rendered by its `repr`, which may spell anything, so it is judged as that text.
    return value if value is None or isinstance(value, bool | int | float) else _hidden(repr(value))


def _renderer(log_format: str) -> Processor:
    if log_format == "text" or (log_format == "auto" and sys.stderr.isatty()):
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.processors.JSONRenderer()

"""From exceptions to problem documents: the one place that turns a failure into an HTTP answer."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from playhead.model.errors import PlayheadError
from playhead.model.problems import problem, waiting

log = structlog.get_logger()

_CODES = {
    400: "malformed_request",
    401: "invalid_key",
    404: "not_found",
    405: "method_not_allowed",
    413: "upload_too_large",
    415: "malformed_request",
    429: "rate_limited",
}


def answer(request: Request[Any, Any, Any], error: PlayheadError) -> Response[bytes]:
    """The problem document for a failure from the error table."""
    headers = {"access-control-allow-origin": "*", "cache-control": "no-store", **waiting(error)}
    return Response(
        msgspec.json.encode(problem(error, request.scope.get("state", {}).get("request_id"))),
        status_code=error.kind.status,
        media_type="application/problem+json",
        headers=headers,
    )


def named(request: Request[Any, Any, Any], error: PlayheadError) -> Response[bytes]:
    """A failure of ours, by name already."""
    if error.kind.status >= 500:
        log.error("request failed", code=error.code, detail=str(error), path=request.url.path)
    return answer(request, error)


def framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses by itself: no such route, an unreadable body, a wrong type."""
    if isinstance(error, ValidationException):
        return answer(request, PlayheadError("invalid_request", _sentence(error)))
    code = _CODES.get(error.status_code, "internal_error")
    if code == "internal_error":
        log.error("request failed", status=error.status_code, detail=error.detail, path=request.url.path)
    return answer(request, PlayheadError(code))


def database(request: Request[Any, Any, Any], error: DBAPIError) -> Response[bytes]:
    """A statement failed: the connection is gone, or it is a mistake of ours."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        log.warning("database unavailable", path=request.url.path, error=str(error.orig))
        return answer(request, PlayheadError("database_unavailable"))
    return unexpected(request, error)


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A mistake of ours: told in the log, not to the client."""
    log.error("unexpected failure", path=request.url.path, exc_info=error)
    return answer(request, PlayheadError("internal_error"))


def _sentence(error: ValidationException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    parts = [
        f"{each.get('key', 'body')}: {each.get('message', '')}" for each in extra if isinstance(each, dict)
    ]
    return "; ".join(parts)[:500] or error.detail


handlers: dict[Any, Any] = {
    PlayheadError: named,
    HTTPException: framework,
    DBAPIError: database,
    Exception: unexpected,
}

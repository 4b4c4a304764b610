"""CORS for every address of the data plane.

Uploads come from any page the caller's app serves; a signature in the URL or a key is what admits them, and there
are no cookies.
"""

from __future__ import annotations

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED = (
    "authorization, content-md5, content-range, content-type, idempotency-key, tus-resumable, upload-checksum, "
    "upload-complete, upload-concat, upload-defer-length, upload-draft-interop-version, upload-length, "
    "upload-metadata, upload-offset, uppy-auth-token, uppy-versions, x-amz-checksum-crc64nvme, "
    "x-amz-checksum-sha256, x-api-key, x-http-method-override, x-request-id, x-requested-with"
)
EXPOSED = (
    "etag, location, playhead-upload, playhead-video, range, retry-after, tus-checksum-algorithm, tus-extension, "
    "tus-max-size, tus-resumable, tus-version, upload-concat, upload-defer-length, upload-expires, upload-length, "
    "upload-metadata, upload-offset, x-request-id"
)
"""One that is missing here is no error message but a wrong result: without Range a page takes every 308 for a part
that is kept, without ETag Uppy never ends, and without Location or Upload-Offset clients of tus fail."""

CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", ALLOWED.encode()),
    (b"access-control-expose-headers", EXPOSED.encode()),
    (b"access-control-max-age", b"86400"),
)

"""Playhead's Python SDK: `Client` for blocking code, `AsyncClient` for asyncio.

It imports nothing of the server.

```python
with Client("http://127.0.0.1:8000", key) as playhead:
    video = playhead.upload("clip.mp4", resolutions=["360p", "720p"])
    video = playhead.wait(video.id)
    print(video.renditions[0].video_url)
```
"""

from playhead.client.asynchronous import AsyncClient
from playhead.client.body import BinaryFile, Body, Readable, open_body
from playhead.client.calls import Wish
from playhead.client.errors import (
    PlayheadAPIError,
    PlayheadClientError,
    PlayheadConnectionError,
    SourceChangedError,
    VideoFailedError,
    WaitTimeoutError,
)
from playhead.client.models import (
    DryRun,
    Failure,
    Interval,
    LeftOut,
    PlannedRendition,
    Preflight,
    Received,
    Rendition,
    Source,
    Upload,
    Video,
    Webhook,
)
from playhead.client.sync import Client
from playhead.client.tally import Progress

__all__ = [
    "AsyncClient",
    "BinaryFile",
    "Body",
    "Client",
    "DryRun",
    "Failure",
    "Interval",
    "LeftOut",
    "PlannedRendition",
    "PlayheadAPIError",
    "PlayheadClientError",
    "PlayheadConnectionError",
    "Preflight",
    "Progress",
    "Readable",
    "Received",
    "Rendition",
    "Source",
    "SourceChangedError",
    "Upload",
    "Video",
    "VideoFailedError",
    "WaitTimeoutError",
    "Webhook",
    "Wish",
    "open_body",
]

"""The types of this folder's fixtures."""

from collections.abc import Callable

from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import Tools

StandIn = Callable[[str], Tools]
MakeSandbox = Callable[[Tools], Sandbox]

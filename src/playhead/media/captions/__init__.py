"""Captions as text: a stranger's WebVTT or SubRip becomes cues, and cues become WebVTT of our own.

Nothing of what was sent is served as it came: `read` keeps times, text, where a cue stands, and the tags
`b`, `i`, `u` and `v`; `write` spells them anew. Both are linear in what they are given.
"""

from playhead.media.captions.cues import Cue
from playhead.media.captions.read import read
from playhead.media.captions.write import write

__all__ = ["Cue", "read", "write"]

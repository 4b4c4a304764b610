"""The index of AVI files: how many frames each stream has, how large they are, and which of them are key frames.

    index = await read_avi(source)      # the header and the index chunks, never the media; None where in doubt
    index.streams[0].times              # array('q'), in ticks of index.streams[0].tick

A frame has no time of its own: it is shown at its number, dropped ones counted, times the stream's tick. So an
index is only believed when it tells of every chunk that a reader would come across: see `index.py`.
"""

from playhead.media.avi.index import AviIndex, read_avi
from playhead.media.avi.streams import Stream

__all__ = ["AviIndex", "Stream", "read_avi"]

"""The index of Matroska and WebM files, in the shape of an MP4's: which frame lies where, and when it is shown.

    index = await read_matroska(source)     # reads the header of every block, the media only in passing
    index.movie                             # as media.mp4.Movie, times put back on the frames' own clock
    index.packets[0].times                  # the container's own milliseconds, of its first track

A Matroska file has no table of its frames, so the whole of it has to be walked through, once.
"""

from playhead.media.matroska.index import MatroskaIndex, read_beginning, read_matroska
from playhead.media.matroska.scan import Frames

__all__ = ["Frames", "MatroskaIndex", "read_beginning", "read_matroska"]

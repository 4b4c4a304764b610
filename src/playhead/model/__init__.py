"""The nouns of Playhead, their states and their errors. Nothing here does I/O."""

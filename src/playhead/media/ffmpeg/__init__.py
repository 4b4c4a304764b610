"""ffmpeg and ffprobe: pure argument builders, and one door (`run.py`) that starts them in a sandbox."""

"""The box ffmpeg and ffprobe run in, because they read strangers' bytes."""

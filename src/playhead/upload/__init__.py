"""Upload: bytes arrive on a signed URL, are checked, and become a video's source."""

"""What is in a media file, and how others are made from it; knows nothing of records or HTTP."""

"""The clips that streaming is tested with: small, and each made once for the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.mp4.clips import AAC, BFRAMES, X264, ffmpeg, picture, sound

SECONDS = 11


@pytest.fixture(scope="session")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit to be served as it is: H.264 with B-frames and a key frame every 1.6 s, AAC."""
    path = tmp_path_factory.mktemp("fit") / "fit.mp4"
    ffmpeg(*picture(SECONDS), *sound(SECONDS), *X264, "-bf", "2", "-g", "40", *AAC, path)
    return path


@pytest.fixture(scope="session")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit too, with a key frame every 5 s only."""
    path = tmp_path_factory.mktemp("sparse") / "sparse.mp4"
    ffmpeg(*picture(SECONDS, "24000/1001"), *X264, "-bf", "2", "-g", "120", "-sc_threshold", "0", path)
    return path


@pytest.fixture(scope="session")
def matroska(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matroska file that can be served as it is: B-frames, AAC, times rounded to milliseconds."""
    path = tmp_path_factory.mktemp("matroska") / "fit.mkv"
    gops = ("-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-x264-params", "open-gop=0")
    ffmpeg(*picture(SECONDS, "30000/1001"), *sound(SECONDS), *X264, *BFRAMES, *gops, *AAC, path)
    return path


@pytest.fixture(scope="session")
def unfit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be encoded before anybody can play it: MPEG-4 with MP3 in an AVI."""
    path = tmp_path_factory.mktemp("unfit") / "unfit.avi"
    ffmpeg(*picture(SECONDS), *sound(SECONDS), "-c:v", "mpeg4", "-q", "5", "-g", "30", "-c:a", "mp3", path)
    return path


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of open GOPs that no time shows, its index first: every 25th picture follows one that others refer to."""
    path = tmp_path_factory.mktemp("opened") / "opened.mp4"
    gops = ("-g", "25", "-sc_threshold", "0", "-b_strategy", "0", "-bf", "2", "-x264-params", "open-gop=1")
    ffmpeg(*picture(SECONDS), *sound(SECONDS), *X264, *gops, *AAC, "-movflags", "+faststart", path)
    return path

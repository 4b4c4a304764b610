"""`playhead serve` as its first user meets it: what it prints works."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.live import Live


def test_the_printed_curl_line_uploads_a_file(live_server: Live, tmp_path: Path) -> None:
    printed = dict(
        line.split(maxsplit=1)
        for line in live_server.output().splitlines()
        if line.startswith(("page", "try"))
    )
    assert printed["page"] == f"{live_server.url}/#key={live_server.key}"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, str(tmp_path / "video.mp4")], check=True, timeout=60)
    done = subprocess.run(
        ["sh", "-c", f"{printed['try']} --silent --show-error --fail-with-body"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    with live_server.http() as http:
        assert http.get(f"/v1/videos/{answer['videoId']}").json()["filename"] == "video.mp4"

"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def facts() -> dict[str, str | int | float]:
    """The machine, the tools and the state of the code, for the table's foot and the JSON."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "ffmpeg": _said(["ffmpeg", "-version"]).removeprefix("ffmpeg version ").split(" ")[0],
        "nginx": _said([nginx_program(), "-v"]).removeprefix("nginx version: nginx/"),
        "commit": _said(["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"]),
    }


def load() -> float:
    """Processes that ran or wanted to, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def nginx_program() -> str:
    """Where nginx is; Debian keeps it out of a plain user's PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or "nginx"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.lower().startswith(("model name", "hardware")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _said(command: list[str]) -> str:
    """The first line a program says; nothing is wrong with a machine that lacks one of them."""
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return (done.stdout or done.stderr).strip().split("\n")[0] or "none"

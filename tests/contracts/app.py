"""The customer's application (`npm/app.mjs`) as tests see it: a Node process with the published packages."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

NPM = Path(__file__).parent / "npm"
PAGES = NPM / ".bundle"


def install() -> None:
    """Install the published packages as locked, unless that was done, and bundle the pages for Chromium."""
    lock = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()
    stamp = NPM / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        _run(_program("npm"), "ci", "--no-audit", "--no-fund")
        stamp.write_text(lock)
    esbuild = [str(NPM / "node_modules/.bin/esbuild"), "--bundle", "--format=esm", "--jsx=automatic"]
    # React reads this to tell its two builds apart; a browser has no process.
    esbuild += ['--define:process.env.NODE_ENV="production"', f"--outdir={PAGES}"]
    _run(*esbuild, *(str(entry) for entry in sorted((NPM / "pages").iterdir())))


@dataclass(frozen=True)
class Told:
    """What the published client threw."""

    name: str
    """Its class."""
    classes: list[str]
    """Every error class of the package it is an instance of."""
    message: str
    status: int | None
    """The client's `statusCode`, or `uploadStatus` of a failed PUT."""
    detail: Any


class ClientError(Exception):
    """The published client threw; `told` is what."""

    def __init__(self, told: Told) -> None:
        super().__init__(f"{told.name}: {told.message}")
        self.told = told


class App:
    """The running application."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of the published `HyperserveClient`; `options` go to its constructor.

        Raises:
            ClientError: it threw.
        """
        answer = self._http.post("/client", json={"method": method, "args": args, "options": options})
        answer.raise_for_status()
        result = answer.json()
        if "error" in result:
            error = result["error"]
            status = error["statusCode"] if error["statusCode"] is not None else error["uploadStatus"]
            raise ClientError(
                Told(error["name"], error["classes"], error["message"], status, error["detail"])
            )
        return result["value"]

    def hook_url(self, name: str) -> str:
        """Where this application receives the webhook `name`, a word."""
        return f"{self.url}/hook/{name}"

    def expect(self, name: str, secret: str, failures: int = 0) -> None:
        """Give the application a webhook's secret; it answers the first `failures` deliveries with 500."""
        self._http.put(f"/webhooks/{name}", json={"secret": secret, "failures": failures}).raise_for_status()

    def received(self, name: str) -> list[dict[str, Any]]:
        """The webhook's deliveries so far: verified, signature, contentType, body, answered."""
        answer = self._http.get(f"/webhooks/{name}")
        answer.raise_for_status()
        deliveries: list[dict[str, Any]] = answer.json()
        return deliveries

    def close(self) -> None:
        self._http.close()


def start(base_url: str, key: str) -> tuple[subprocess.Popen[str], App]:
    """Start the application against a server's `/api`."""
    variables = {"PLAYHEAD_BASE_URL": base_url, "PLAYHEAD_KEY": key, "PAGES": str(PAGES)}
    process = subprocess.Popen(
        [_program("node"), "app.mjs"], cwd=NPM, env=variables, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    if not port:
        raise RuntimeError(f"app.mjs ended with {process.wait()}")
    return process, App(f"http://127.0.0.1:{port}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(
            f"{name} is not on PATH; the contract tests drive the published npm clients with it."
        )
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=NPM, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

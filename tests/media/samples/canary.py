"""The canary: files and an address that no processing may ever touch, and the proof of whether it did.

Files are watched by the kernel (inotify), so that an open counts whoever did it and whatever it did next;
the address listens on loopback, TCP and UDP, and answers TCP with media so that a trick gets on with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import threading
from pathlib import Path
from types import TracebackType

from tests.media.samples.cache import Cache
from tests.media.samples.containers import NEW
from tests.media.samples.rates import PLAIN

_IN_ACCESS, _IN_OPEN, _IN_NONBLOCK = 0x1, 0x20, 0o4000
_NAMES = ("canary.ts", "canary.mp4", "canary.key", "canary.txt", "canary.sub", "canary.png")


class Canary:
    """A folder of bait and a listening port, watched while the context is open."""

    def __init__(self, folder: Path, cache: Cache | None = None) -> None:
        self.folder = folder
        self._cache = cache or Cache()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._contacts: list[str] = []

    def __enter__(self) -> Canary:
        self._lay_bait()
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._inotify = self._libc.inotify_init1(_IN_NONBLOCK)
        if self._inotify < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        for name in _NAMES:
            path = os.fsencode(self.folder / name)
            if self._libc.inotify_add_watch(self._inotify, path, _IN_OPEN | _IN_ACCESS) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")
        self._threads = [
            threading.Thread(target=serve, daemon=True) for serve in (self._serve_tcp, self._serve_udp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown wakes a thread that waits in accept or recvfrom; close alone would not.
        for listener in (self._tcp, self._udp):
            with contextlib.suppress(OSError):  # unconnected UDP says ENOTCONN and wakes all the same
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join(timeout=10)
        os.close(self._inotify)

    def path(self, name: str) -> Path:
        """One of the bait files."""
        return self.folder / name

    def url(self, name: str, scheme: str = "http") -> str:
        """An address at the listener."""
        return f"{scheme}://127.0.0.1:{self.port}/{name}"

    def opens(self) -> int:
        """How often bait was opened or read since the last call."""
        try:
            events = os.read(self._inotify, 65_536)
        except BlockingIOError:
            return 0
        count, at = 0, 0
        while at < len(events):
            count += 1
            at += 16 + struct.unpack_from("iIII", events, at)[3]
        return count

    def contacts(self) -> list[str]:
        """Who called since the last call of this: the first line sent over TCP, or `udp`."""
        found, self._contacts = self._contacts, []
        return found

    def _lay_bait(self) -> None:
        stream = next(sample.make for sample in NEW if sample.name == "mpeg_ts")
        contents = {
            "canary.ts": self._cache.take(stream, "canary.ts").read_bytes(),
            "canary.mp4": self._cache.take(PLAIN, "canary.mp4").read_bytes(),
            "canary.key": b"0123456789abcdef",
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in _NAMES:
            (self.folder / name).write_bytes(contents.get(name, b"canary: this must never be read\n"))
        self.stream = contents["canary.ts"]

    def _serve_tcp(self) -> None:
        while True:
            try:
                caller, _ = self._tcp.accept()
            except OSError:
                return  # closed: the canary's day is over
            with caller:
                caller.settimeout(1)
                self._contacts.append("tcp")
                try:
                    self._contacts[-1] = caller.recv(4096).split(b"\r\n")[0].decode("latin-1") or "tcp"
                    head = (
                        f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.stream)}\r\nConnection: close\r\n\r\n"
                    )
                    caller.sendall(head.encode() + self.stream)
                except OSError:
                    continue  # it hung up: the contact is counted, and that is all that matters

    def _serve_udp(self) -> None:
        while True:
            try:
                data, sender = self._udp.recvfrom(2048)
            except OSError:
                return  # closed
            if sender == ("0.0.0.0", 0) and not data:
                return  # what shutdown looks like
            self._contacts.append("udp")

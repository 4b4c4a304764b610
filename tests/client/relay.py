"""A relay on a loopback port that breaks connections on purpose, in front of a real server."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

BLOCK = 64 * 1024


class Relay:
    """Passes bytes on. Connection n is reset once `cuts[n]` bytes came from the client; later ones live.

    `per_second` holds each connection to as many bytes from its client, as a long line does.
    """

    def __init__(
        self, target: tuple[str, int], cuts: Sequence[int] = (), per_second: float | None = None
    ) -> None:
        self.connections = 0
        self.taken = 0
        """Bytes that came from clients, of all connections."""
        self.per_second = per_second
        self.open = 0
        """Connections whose clients have not gone, or have left bytes behind."""
        self._lock = threading.Lock()
        self._target = target
        self.cuts: Sequence[int | None] = cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        # Closing the listener ends the loop.
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                cut = self.cuts[self.connections] if self.connections < len(self.cuts) else None
                self.connections += 1
                threading.Thread(target=self._serve, args=(client, cut), daemon=True).start()

    def _serve(self, client: socket.socket, cut: int | None) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:  # as refused as the target refuses
            client.close()
            return
        with client, server, self._counted():
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()
            taken = 0
            with contextlib.suppress(OSError):
                while cut is None or taken < cut:
                    block = client.recv(BLOCK)
                    if not block:
                        break
                    taken += len(block)
                    with self._lock:
                        self.taken += len(block)
                    server.sendall(block)
                    if self.per_second is not None:
                        time.sleep(len(block) / self.per_second)
            # The copying thread still reads from the server; only this ends that, and the connection with it.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            if cut is not None and taken >= cut:
                # Lingering for 0 s resets the connection instead of closing it in good order.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self.open += 1
        try:
            yield
        finally:
            with self._lock:
                self.open -= 1


def _copy(source: socket.socket, sink: socket.socket) -> None:
    # Either side may be closed by the other thread at any time; that is the relay's business.
    with contextlib.suppress(OSError):
        while block := source.recv(BLOCK):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(
    target: tuple[str, int], cuts: Sequence[int] = (), per_second: float | None = None
) -> Iterator[Relay]:
    """A relay to `target`, an address, for the block."""
    running = Relay(target, cuts, per_second)
    try:
        yield running
    finally:
        running.close()

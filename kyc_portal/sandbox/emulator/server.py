"""The server: listens, starts a thread for each connection, and stops cleanly.

It does not know HTTP nor what a valid call is. A client that breaks off, is slow or sends nonsense
costs its own thread and nothing else.
"""

import logging
import socket
import socketserver
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self

from kyc_portal.sandbox.emulator.accounts import Account, Accounts
from kyc_portal.sandbox.emulator.api import Api
from kyc_portal.sandbox.emulator.arrival import ask_for_stamps
from kyc_portal.sandbox.emulator.clock import Clock
from kyc_portal.sandbox.emulator.control import Control
from kyc_portal.sandbox.emulator.handler import Handler, Site
from kyc_portal.sandbox.emulator.holds import Holds
from kyc_portal.sandbox.emulator.ledger import Ledger
from kyc_portal.sandbox.emulator.script import DEFAULT, ScriptQueue, parse_default, parse_step

# No secrets: they sign calls to this program alone.
SANDBOX_SECRET_ID = "AKIDsandbox0000000000000000000000000"  # noqa: S105
SANDBOX_SECRET_KEY = "sandbox-secret-key-not-for-production"  # noqa: S105
SANDBOX = Account(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)

MAX_CONNECTIONS = 512
STOP_SECONDS = 5.0

logger = logging.getLogger(__name__)


class EmulatorServer:
    """An emulator on a real socket. May be stopped and started again: port, ledger and queue stay."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        accounts: Sequence[Account] = (SANDBOX,),
        rate: int = 20,
        latency_ms: int = 0,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or Clock()
        self.host, self.port = host, port
        self._scripts = ScriptQueue()
        self._ledger = Ledger(clock)
        self.accounts = Accounts(accounts, rate)
        self._api = Api(self.accounts, clock, self._scripts, latency_ms=latency_ms)
        self._listener: _Listener | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> Self:
        holds = Holds()
        control = Control(self._scripts, self._ledger, holds, self.accounts)
        site = Site(self._api, control, self._ledger, holds, Event(), self.host)
        self._listener = _Listener(site, self.port)
        self.port = self._listener.server_address[1]
        Thread(target=self._listener.serve_forever, args=(0.05,), name="emulator", daemon=True).start()
        return self

    def stop(self) -> None:
        if self._listener:
            self._listener.stop()
        self._listener = None

    def script(self, **step: object) -> None:
        """Queue a step from inside the process; the same keys as POST /_emulator/script."""
        self._scripts.add(parse_step(step))

    def default(self, **step: object) -> None:
        """Answer so wherever nothing is queued; the same keys as POST /_emulator/default, none for Success."""
        self._scripts.default = parse_default(step)

    def release(self) -> int:
        """Release all held replies and return how many there were; the same as POST /_emulator/release."""
        return self._listener.site.holds.release() if self._listener else 0

    def calls(self) -> list[dict[str, object]]:
        return self._ledger.snapshot()

    def clear(self) -> None:
        self._scripts.clear()
        self._scripts.default = DEFAULT
        self._ledger.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self._changed = Condition()
        self._connections: set[Any] = set()
        self.address_family = socket.AF_INET6 if ":" in site.host else socket.AF_INET
        super().__init__((site.host, port), Handler)
        ask_for_stamps(self.socket)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            crowded = len(self._connections) >= MAX_CONNECTIONS
            if not crowded:
                self._connections.add(request)
        if crowded:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._connections.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is an error of the emulator."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            logger.exception("a connection ended badly")

    def stop(self) -> None:
        self.site.stopping.set()
        self.site.holds.close()
        self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, STOP_SECONDS)

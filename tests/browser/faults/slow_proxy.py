"""A proxy that takes each part of an upload at once and passes it on when the test lets it: by the page's time."""

import http.client
import itertools
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


class Held:
    """A part that has come whole from the browser, and is on its way to the portal."""

    def __init__(self, number: int, size: int) -> None:
        self.number, self.size = number, size
        self._gate = threading.Event()

    def pass_on(self) -> None:
        self._gate.set()

    def wait(self) -> None:
        self._gate.wait(60)


class SlowProxy:
    def __init__(self, portal: str) -> None:
        self.held: queue.Queue[Held] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(portal).netloc))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> "SlowProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self, portal: str) -> type[BaseHTTPRequestHandler]:
        held, numbers = self.held, itertools.count(1)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command == "PUT":
                    part = Held(next(numbers), len(body))
                    held.put(part)
                    part.wait()
                there = http.client.HTTPConnection(portal, timeout=30)
                there.request(self.command, self.path, body, dict(self.headers.items()))
                answer = there.getresponse()
                content = answer.read()
                there.close()
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                        self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _pass_on

            def log_message(self, *args: Any) -> None:
                """Nothing: a test's output is its own."""

        return Handler

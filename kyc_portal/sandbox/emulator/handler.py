"""One client's HTTP connection: reads requests, passes them on, writes the answers.

It does not know what a valid call is, nor what a script holds. The client reads one sentence about
an error in here, and no more.
"""

import logging
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from io import BufferedReader
from threading import Event
from typing import Protocol, cast

from kyc_portal.sandbox.emulator import intake
from kyc_portal.sandbox.emulator.api import BODY_LIMIT, Api, Outcome
from kyc_portal.sandbox.emulator.arrival import StampedReader
from kyc_portal.sandbox.emulator.control import (
    CONTROL_BODY_LIMIT,
    HEALTH,
    SECURITY_HEADERS,
    Control,
    Denied,
    Page,
    check_origin,
    healthy,
    problem,
)
from kyc_portal.sandbox.emulator.faults import FAULTS, HOLD, Fault, Reply
from kyc_portal.sandbox.emulator.holds import Holds
from kyc_portal.sandbox.emulator.ledger import Call, Ledger, State
from kyc_portal.sandbox.emulator.wire import Wire

# Longer than the keep-alive of any common client, so that the client closes first.
IDLE_SECONDS = 75

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """What the handlers of one server share."""

    api: Api
    control: Control
    ledger: Ledger
    holds: Holds
    stopping: Event
    host: str


class HasSite(Protocol):
    site: Site


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "emulator"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.site = cast(HasSite, self.server).site
        self.wire = Wire(self, self.site.stopping)
        self.rfile.close()
        self.incoming = StampedReader(self.connection)
        self.rfile = BufferedReader(self.incoming)

    def handle_one_request(self) -> None:
        self.incoming.begin()
        super().handle_one_request()

    def do_POST(self) -> None:
        if self.path == "/":
            self._answer_call()
        else:
            self._serve_control()

    def do_GET(self) -> None:
        self._serve_control()

    def do_DELETE(self) -> None:
        self._serve_control()

    def _answer_call(self) -> None:
        # The last read ended with the head, or a few kilobytes behind it.
        call = self.site.ledger.open(self.incoming.began, self.incoming.arrived)
        state = State.BROKEN_OFF
        try:
            if self._send_outcome(call, self._decide(call)):
                state = State.ANSWERED
        finally:
            self.site.ledger.close(call, state)

    def _decide(self, call: Call) -> Outcome:
        try:
            body = self._body(BODY_LIMIT)
        except intake.BadLength as err:
            self.close_connection = True
            return self.site.api.refuse(call, "InvalidRequest", str(err))
        try:
            return self.site.api.answer(self.headers, body, call)
        except Exception:
            # The outermost boundary of a call: a fault of the emulator is the vendor's InternalError.
            logger.exception("call %s could not be answered", call.number)
            return self.site.api.refuse(call, "InternalError", "An internal error occurred.")

    def _send_outcome(self, call: Call, outcome: Outcome) -> bool:
        """Answer, and say whether anything was answered."""
        if not self._wait(call, outcome):
            self.close_connection = True
            return False
        if outcome.fault and outcome.fault != HOLD:
            return self._run_fault(call, FAULTS[outcome.fault], outcome.reply)
        # The row is complete before the answer is sent, so that a client that has it finds it in the ledger.
        call.http_status = 200
        self.site.ledger.close(call, State.ANSWERED)
        self.wire.send(outcome.reply.body)
        return True

    def _wait(self, call: Call, outcome: Outcome) -> bool:
        """False if the client has gone."""
        if outcome.latency_ms:
            call.state = State.WAITING
        if not self.wire.pause(outcome.latency_ms / 1000):
            return False
        if outcome.fault != HOLD:
            return True
        released = self.site.holds.join()
        # Set last: a caller that sees this state must be able to release the reply.
        call.state = State.HELD
        return released.result()

    def _run_fault(self, call: Call, fault: Fault, reply: Reply) -> bool:
        call.http_status = fault.status
        call.state = State.WAITING if fault.status is None else State.ANSWERING
        fault.run(self.wire, reply)
        return fault.status is not None

    def _serve_control(self) -> None:
        try:
            page = self._page()
        except Denied as denied:
            page = problem(denied.status, str(denied))
        self.wire.head(
            len(page.body), status=page.status, content_type=page.content_type, more=SECURITY_HEADERS
        )
        self.wire.write(page.body)

    def _page(self) -> Page:
        body = self._control_body()
        if (self.command, self.path) == ("GET", HEALTH):
            return healthy()
        own_hosts = {self.site.host, self.connection.getsockname()[0]}
        check_origin(self.command, self.headers, own_hosts)
        return self.site.control.serve(self.command, self.path, body)

    def _control_body(self) -> bytes:
        if "Content-Length" not in self.headers and "Transfer-Encoding" not in self.headers:
            return b""
        try:
            data = self._body(CONTROL_BODY_LIMIT).data
        except intake.BadLength as err:
            self.close_connection = True
            raise Denied(411, str(err)) from err
        if data is None:
            raise Denied(413, f"The body may have {CONTROL_BODY_LIMIT} bytes.")
        return bytes(data)

    def _body(self, limit: int) -> intake.Intake:
        size = intake.content_length(self.headers)
        if size > intake.DRAIN_LIMIT:
            self.close_connection = True
        self.connection.settimeout(intake.READ_SECONDS)
        body = intake.read_body(self.rfile, size, limit)
        self.connection.settimeout(IDLE_SECONDS)
        return body

    def handle(self) -> None:
        """Read the rest of the request: closing the socket with unread bytes would destroy the answer."""
        super().handle()
        intake.linger(self.connection)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """For requests that the standard library itself finds broken."""
        self.close_connection = True
        self.wire.send(problem(code, message or "The request is broken.").body, status=code)

    def log_message(self, format: str, *args: object) -> None:
        logger.debug(format, *args)

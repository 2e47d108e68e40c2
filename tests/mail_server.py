"""A mail server on a real socket: takes e-mails, or answers a command as the test says."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

# What the server does in place of its answer to a command: an answer, or a function of the connection.
Behaviour = str | Callable[[socket.socket], None]


@dataclass
class Taken:
    """An e-mail that the server has taken, and how it came."""

    recipients: list[str]
    email: EmailMessage
    in_tls: bool
    user: str = ""


@dataclass
class MailServer:
    """Use as a context manager. `answers` are by the first word of a command, or by TEXT for the end of the text.

    `refused` are addresses that it does not know. `tls` is "none", "starttls" or "tls"; with the last two `context` is
    the server's.
    """

    tls: str = "none"
    context: ssl.SSLContext | None = None
    answers: dict[str, Behaviour] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def hang(self, connection: socket.socket) -> None:
        """Say nothing until the test is over."""
        self._over.wait()

    def drip(self, connection: socket.socket) -> None:
        """Send an answer that never ends, a byte at a time, so that no single wait is long."""
        with suppress(OSError):
            while not self._over.wait(0.05):
                connection.sendall(b"2")

    def settings(self, **options: Any) -> dict[str, Any]:
        """The setting EMAIL for this server."""
        address = {"host": "localhost", "port": self.port, "username": "", "password": ""}
        encrypted = {"use_tls": self.tls == "starttls", "use_ssl": self.tls == "tls"}
        return {
            "BACKEND": "verification.messages.smtp.Backend",
            "OPTIONS": {**address, **encrypted, **options},
        }

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError):
            if self.tls == "tls" and self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                session = _Session(self, connection)
                try:
                    session.run()
                finally:
                    session.close()


class _Session:
    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self._server, self._connection = server, connection
        self._lines = connection.makefile("rb")
        self._recipients: list[str] = []
        self._user = ""

    def close(self) -> None:
        """The lines, and the connection, which is another one after STARTTLS."""
        self._lines.close()
        self._connection.close()

    def run(self) -> None:
        self._answer("HELLO", "220 mail.example")
        while raw := self._lines.readline():  # of the file as it is now: STARTTLS makes another
            line = raw.decode().strip()
            word = line.split(" ", 1)[0].upper()
            if word == "QUIT":
                self._answer("QUIT", "221 bye")
                return
            self._take(word, line)

    def _take(self, word: str, line: str) -> None:
        if word == "EHLO":
            features = ["mail.example", "AUTH PLAIN", "8BITMIME", "SMTPUTF8"]
            features += ["STARTTLS"] if self._server.tls == "starttls" and not self._in_tls else []
            self._say("\r\n".join(f"250-{feature}" for feature in features) + "\r\n250 OK")
        elif word == "STARTTLS" and self._server.context:
            self._say("220 go on")
            self._connection = self._server.context.wrap_socket(self._connection, server_side=True)
            self._lines = self._connection.makefile("rb")
        elif word == "AUTH":
            self._user = line.split()[-1]
            self._answer("AUTH", "235 welcome")
        elif word == "MAIL":
            self._recipients = []
            self._answer("MAIL", "250 OK")
        elif word == "RCPT":
            address = line.partition("<")[2].partition(">")[0]
            if address in self._server.refused:
                self._say("550 no such user")
                return
            self._recipients.append(address)
            self._answer("RCPT", "250 OK")
        elif word == "DATA":
            self._answer("DATA", "354 go on")
            self._read_text()
        else:
            self._say("250 OK")

    def _read_text(self) -> None:
        text = bytearray()
        for raw in iter(self._lines.readline, b""):
            if raw == b".\r\n":
                break
            text += raw[1:] if raw.startswith(b"..") else raw
        else:
            return
        email = message_from_bytes(bytes(text), policy=policy.default)
        taken = Taken(self._recipients, email, self._in_tls, self._user)
        answer = self._server.answers.get("TEXT", "250 taken")
        # If its answer does not come, it has the e-mail all the same.
        if not isinstance(answer, str) or answer.startswith("250"):
            self._server.taken.append(taken)
        self._answer("TEXT", "250 taken")

    @property
    def _in_tls(self) -> bool:
        return isinstance(self._connection, ssl.SSLSocket)

    def _answer(self, word: str, usual: str) -> None:
        behaviour = self._server.answers.get(word, usual)
        if isinstance(behaviour, str):
            self._say(behaviour)
        else:
            behaviour(self._connection)

    def _say(self, line: str) -> None:
        self._connection.sendall(f"{line}\r\n".encode())

"""The mail server of the settings: hands one e-mail after another to it, and says why it did not take one."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from verification import validators
from verification.liveness import Deadline
from verification.messages.errors import NotTaken, Refused
from verification.messages.smtp import Backend

# Seconds for a single wait, and for an e-mail with connecting and signing in.
WAIT = 10.0
DEADLINE = 30.0


@dataclass(frozen=True, repr=False)
class Email:
    """`message_id` is the part before the @: the same for every copy, so that a mailbox can know a second one. With
    several addresses it was taken if the server took it for any of them: what is tried again nobody gets twice.
    `sender` is the name to send it as, in place of the one that the settings have beside the address."""

    to: Sequence[str]
    subject: str
    text: str
    message_id: str
    locale: str = "en"
    sender: str = ""


def is_set_up() -> bool:
    return bool(settings.EMAIL)


class MailServer:
    """One connection, made when it is first needed and kept for the next e-mail. Use as a context manager."""

    def __init__(self) -> None:
        self._backend: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            # What was taken was taken: how the connection ends changes nothing about it.
            with suppress(Exception), _within(backend, WAIT):
                backend.close()

    def send(self, email: Email) -> None:
        """Raises Refused or NotTaken. NotTaken may come after the server has taken it: nobody can know."""
        try:
            with _told():
                made = _made(email)
                backend = self._opened()
                with _within(backend, DEADLINE):
                    backend.open()
                    backend.send_messages([made])
        except (Refused, NotTaken):
            self._drop()
            raise

    def _opened(self) -> Any:
        if self._backend is None:
            options = {**settings.EMAIL["OPTIONS"]}
            if settings.EMAIL["BACKEND"].endswith("smtp.Backend"):
                options["timeout"] = WAIT
            self._backend = get_connection(settings.EMAIL["BACKEND"], **options)
        return self._backend

    def _drop(self) -> None:
        backend, self._backend = self._backend, None
        if isinstance(backend, Backend):
            backend.drop()


def _made(email: Email) -> EmailMessage:
    """Raises ValueError for an address that is none: it came from outside, and a server may take anything."""
    for address in email.to:
        validators.email(address)
    host = urlsplit(settings.PUBLIC_URL).hostname
    headers = {
        "Message-ID": f"<{email.message_id}@{host}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": email.locale,
    }
    sender = settings.EMAIL_FROM
    if email.sender:
        sender = formataddr((email.sender, parseaddr(sender)[1]))
    return EmailMessage(email.subject, email.text, sender, list(email.to), headers=headers)


@contextmanager
def _within(backend: Any, seconds: float) -> Iterator[None]:
    if not isinstance(backend, Backend):  # a file needs no limit
        yield
        return
    with Deadline(seconds) as deadline:
        backend.watched_by(deadline)
        try:
            yield
        finally:
            if deadline.passed:  # half a line looks like an answer
                raise NotTaken("no_answer", everything=True) from None


@contextmanager
def _told() -> Iterator[None]:
    """What a library raises, as a code. None of it is chained: it quotes addresses and what the server said."""
    found: Refused | NotTaken
    try:
        yield
        return
    except smtplib.SMTPRecipientsRefused as error:
        answers = [code for code, _ in error.recipients.values()]
        final = all(500 <= code < 600 for code in answers)
        found = Refused("address_refused") if final else NotTaken("put_off")
    except smtplib.SMTPDataError as error:
        found = Refused("text_refused") if 500 <= error.smtp_code < 600 else NotTaken("put_off")
    except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
        found = NotTaken(_code_of(error), everything=True)
    except ValueError:  # a header with a line end, or an address that can't be written in one
        found = Refused("unfit_address")
    raise found from None


def _code_of(error: Exception) -> str:
    """The more special class first: most of these are OSErrors too."""
    for kinds, code in (
        (smtplib.SMTPAuthenticationError, "sign_in_refused"),
        (smtplib.SMTPSenderRefused, "sender_refused"),
        ((ssl.SSLError, smtplib.SMTPNotSupportedError), "no_tls"),
        ((smtplib.SMTPServerDisconnected, TimeoutError), "no_answer"),
        (smtplib.SMTPException, "server_fault"),
    ):
        if isinstance(error, kinds):
            return code
    return "not_reached"

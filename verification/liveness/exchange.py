"""The state of one request: how much of it was sent, and how much of the answer came back.

After a failure this tells `NotSent` from `UnknownOutcome`, in one place. This module does not know how a request is
signed or sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from .answer import Answer, parse
from .deadline import Deadline
from .errors import (
    BadAnswer,
    LivenessError,
    MediaChanged,
    MediaUnreadable,
    NotSent,
    UnknownOutcome,
    Withdrawn,
)

MEDIA_UNREADABLE = "media_unreadable"  # the code of a failure that is not the vendor's
PROXY = "proxy_"  # how the codes of the outbound proxy's own failures begin
ANSWER_LIMIT = 8_000_000  # bytes; a best frame has about 200,000


class TooLate(Exception):
    """The deadline was over before the first byte of the body."""


class Wire:
    """Follows a connection until the request may go out (httpx "Extensions" page, trace).

    `may_send` is called once, when the connection stands and before the first byte of the request, and `begun` once the
    request's headers have left. Through a proxy that is after the tunnel stands; until then `at_proxy` is True.
    """

    def __init__(
        self,
        deadline: Deadline,
        may_send: Callable[[], bool] | None,
        begun: Callable[[], None] | None,
        proxied: bool,
    ) -> None:
        self._deadline = deadline
        self._may_send = may_send
        self._begun = begun
        self.at_proxy = proxied

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        self._deadline.follow(event, info)
        if event == "proxy.start_tls.started":
            self.at_proxy = False
        # Until then the request is the one for the tunnel.
        begins = event == "http11.send_request_headers.started" and not self.at_proxy
        if begins and self._may_send and not self._may_send():
            raise Withdrawn("withdrawn")
        if event == "http11.send_request_headers.complete" and not self.at_proxy and self._begun:
            self._begun()


class Upload:
    """The body that is being sent; `began`: any byte of it may have left, `ended`: all of them may have."""

    def __init__(self, slices: Iterable[bytes], deadline: Deadline) -> None:
        self._slices = slices
        self._deadline = deadline
        self.began = False
        self.ended = False

    def __iter__(self) -> Iterator[bytes]:
        if self._deadline.passed:
            raise TooLate
        for piece in self._slices:
            self.began = True
            yield piece
        self.ended = True

    def release(self) -> None:
        """Release the media: httpx requests are in reference cycles and outlive their call."""
        self._slices = ()


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """The bytes of an answer with HTTP 200.

    `framed`: the headers gave its length. `asked`: the whole request had been sent before the answer came.
    `retry_after`: the seconds of its Retry-After.
    """

    raw: bytes
    content_type: str | None
    framed: bool
    asked: bool
    retry_after: float = 0.0

    def parse(self) -> Answer:
        with asking_to_wait(self.retry_after):
            return self._parse()

    def _parse(self) -> Answer:
        try:
            answer = parse(self.raw, content_type=self.content_type, status=200)
        except BadAnswer as error:
            if self.framed:
                raise
            # It ended with the connection, so it may be cut short.
            raise UnknownOutcome(f"unframed.{error.code}", error.request_id) from error
        if not self.asked:
            # A refusal needs no body, but the vendor can't have judged a video that was still being sent.
            raise UnknownOutcome("answered_early", answer.request_id)
        return answer


@contextmanager
def asking_to_wait(seconds: float) -> Iterator[None]:
    """An error from within the block knows the seconds for which the vendor asked not to be called."""
    try:
        yield
    except LivenessError as error:
        error.retry_after = seconds
        raise


def read_capped(pieces: Iterator[bytes]) -> bytes:
    raw = bytearray()
    for piece in pieces:
        raw += piece
        if len(raw) > ANSWER_LIMIT:
            del raw, piece  # a traceback that shows variables must not show a face
            raise BadAnswer("answer_too_large")
    return bytes(raw)


def failure_of(error: Exception, began: bool, late: bool, at_proxy: bool) -> LivenessError:
    """What the caller reads: `began` and `late` as the upload and the deadline have it, `at_proxy` as the wire."""
    if isinstance(error, MediaChanged):
        return UnknownOutcome(error.code) if began else MediaChanged(error.name)
    if isinstance(error, Withdrawn):
        return Withdrawn(error.code)
    code = "deadline" if late else MEDIA_UNREADABLE if _ours(error) else _name(error)
    if not began:
        return NotSent(_proxy_code(error, code) if at_proxy else code)
    return UnknownOutcome(code)


def _proxy_code(error: Exception, code: str) -> str:
    """A code of our own, followed by the proxy's HTTP status if it gave one; the rest of what it said is not kept."""
    if isinstance(error, httpx.ProxyError):
        return f"{PROXY}refused.{str(error)[:3]}" if str(error)[:3].isdecimal() else f"{PROXY}refused"
    return f"{PROXY}unreachable.{code}"


def _ours(error: Exception) -> bool:
    """Did reading the media fail, and not the connection?"""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, MediaUnreadable):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _name(error: Exception) -> str:
    """The error's class, with that of the system error behind it: "ConnectError.ConnectionRefusedError"."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return ".".join(dict.fromkeys(type(part).__name__ for part in (error, cause) if part))

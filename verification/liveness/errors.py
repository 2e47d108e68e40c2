"""The errors of a call to the vendor, as one fixed tree.

A task decides by type alone: `Retryable` goes back into the queue, `Permanent` does not; `UnknownOutcome` may have cost
a paid check, `NotSent` did not. This module knows neither HTTP nor Django, and no error carries a body, a picture, a
credential or a header, because errors end up in logs.
"""

from traceback import clear_frames
from typing import ClassVar

from .codes import Billed


class LivenessError(Exception):
    """The vendor call gave no answer about the applicant.

    `code` is the vendor's code, the name of a transport error, or a snake_case word of our own;
    `request_id` is the vendor's RequestId where one was read; `billed` says whether the call was charged.
    `retry_after` is the seconds for which the vendor asked not to be called, 0 if it did not.
    """

    retry_after: float = 0.0
    usually_billed: ClassVar[Billed] = Billed.UNKNOWN

    def __init__(self, code: str, request_id: str | None = None, billed: Billed | None = None) -> None:
        self.code = code
        self.request_id = request_id
        self.billed = billed or self.usually_billed
        super().__init__(code, request_id, self.billed)  # these args make the error picklable

    def __str__(self) -> str:
        return f"{self.code} (request id {self.request_id or 'none'}, billed: {self.billed})"


class Retryable(LivenessError):
    """The same bytes may be sent again later."""


class Permanent(LivenessError):
    """Sending the same bytes again would end the same way."""


class Throttled(Retryable):
    """The vendor throttled the call; nothing was checked."""


class NotSent(Retryable):
    """No byte of the request body has left for certain: DNS, connect, TLS or pool failed, or the deadline passed."""

    usually_billed = Billed.NO


class Withdrawn(NotSent):
    """The caller withdrew the call before any of it was sent: `may_send` returned False."""


class Unavailable(Retryable):
    """The vendor answered, and the answer is that the vendor itself failed: a transient code, or an HTTP 5xx
    that says that the vendor did not take the request (`answer.HIDES_OUTCOME` has those that don't).
    """


class UnknownOutcome(Retryable):
    """Sending began and no trustworthy answer came back: the check may have happened and may be charged."""


class Rejected(Permanent):
    """The request is at fault: the vendor refused it, or it is over a limit that is checked before sending."""


class VideoRefused(Permanent):
    """The vendor could not read or compress the recording, or the request was too large: a smaller copy may do."""


class BadAnswer(Permanent):
    """A complete answer that breaks the vendor's own contract; never read any further."""


class Misconfigured(Permanent):
    """The account, its credentials or the settings are at fault: every call fails until they are corrected."""


class CredentialsReplaced(Retryable):
    """The account was refused with credentials that have been replaced since: the same call is made with the new ones.

    The client, which knows one set of credentials, never raises it; its caller does, in place of Misconfigured.
    """

    usually_billed = Billed.NO


# The vendor refused the call and checked nothing.
REFUSALS = Throttled | Misconfigured | CredentialsReplaced


class RequestTooLarge(Rejected):
    """A part of the request, as it would be sent, is over a limit; sizes are bytes after Base64."""

    usually_billed = Billed.NO

    def __init__(self, limit: int, size: int, name: str) -> None:
        super().__init__("request_too_large")
        self.limit, self.size, self.name = limit, size, name
        self.args = (limit, size, name)

    def __str__(self) -> str:
        return f"{self.code}: {self.name} has {self.size} bytes, the limit is {self.limit}"


class VideoTooLarge(RequestTooLarge):
    """The recording, or the request because of it: a smaller copy may do."""


class EmptyMedia(Rejected):
    """The photo or the video has no bytes at all."""

    usually_billed = Billed.NO

    def __init__(self, name: str) -> None:
        super().__init__("empty_media")
        self.name = name
        self.args = (name,)

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


class UnsupportedChallenge(Rejected):
    """A liveness mode, or a sequence of actions for it, that the API does not offer."""

    usually_billed = Billed.NO

    def __init__(self, mode: str, actions: str) -> None:
        super().__init__("unsupported_challenge")
        self.mode, self.actions = mode, actions
        self.args = (mode, actions)

    def __str__(self) -> str:
        return f"{self.code}: mode {self.mode!r} with actions {self.actions!r}"


class MediaUnreadable(OSError):
    """The machine failed to read the photo or the video; the vendor is not at fault."""


class MediaChanged(Rejected):
    """The photo or the video has changed, or does not have the hash on record: nothing may be sent."""

    usually_billed = Billed.NO

    def __init__(self, name: str) -> None:
        super().__init__("integrity_error")
        self.name = name
        self.args = (name,)

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


def clear_variables(error: BaseException) -> None:
    """Empties the frames that an error and its contexts came through, so that they let go of what they were sending.

    Python 3.12 and 3.13 leave a frame and its error holding each other where a context manager translates errors, as
    httpx does; the media would stay in memory until the next collection.
    """
    cause: BaseException | None = error
    while cause is not None:
        clear_frames(cause.__traceback__)
        cause = cause.__context__

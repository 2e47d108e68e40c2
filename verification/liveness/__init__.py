"""The edge to the vendor's face comparison: no other room knows Tencent's names, formats or codes.

It imports neither Django nor any other room of `verification` but the JSON reader, so that it can be tested, replaced
and read alone.
"""

from .answer import VENDOR_PASS, Answer, fits, parse
from .body import RequestBody
from .client import ACTION, REGIONS, VERSION, LivenessClient
from .codes import RULES, Billed, Category, CodeRule, Hint, lookup
from .deadline import Deadline
from .endpoint import check_endpoint
from .errors import (
    REFUSALS,
    BadAnswer,
    CredentialsReplaced,
    EmptyMedia,
    LivenessError,
    MediaChanged,
    Misconfigured,
    NotSent,
    Permanent,
    Rejected,
    RequestTooLarge,
    Retryable,
    Throttled,
    Unavailable,
    UnknownOutcome,
    UnsupportedChallenge,
    VideoRefused,
    VideoTooLarge,
    Withdrawn,
)
from .exchange import MEDIA_UNREADABLE, PROXY
from .retry_after import MAX_RETRY_AFTER
from .route import is_host, is_proxy, proxy_of, tls_context, why_not_ca_file
from .signing import Credentials, TC3Auth, sign
from .source import Media, MediaFile

__all__ = [
    "ACTION",
    "MAX_RETRY_AFTER",
    "MEDIA_UNREADABLE",
    "PROXY",
    "REFUSALS",
    "REGIONS",
    "RULES",
    "VENDOR_PASS",
    "VERSION",
    "Answer",
    "BadAnswer",
    "Billed",
    "Category",
    "CodeRule",
    "Credentials",
    "CredentialsReplaced",
    "Deadline",
    "EmptyMedia",
    "Hint",
    "LivenessClient",
    "LivenessError",
    "Media",
    "MediaChanged",
    "MediaFile",
    "Misconfigured",
    "NotSent",
    "Permanent",
    "Rejected",
    "RequestBody",
    "RequestTooLarge",
    "Retryable",
    "TC3Auth",
    "Throttled",
    "Unavailable",
    "UnknownOutcome",
    "UnsupportedChallenge",
    "VideoRefused",
    "VideoTooLarge",
    "Withdrawn",
    "check_endpoint",
    "fits",
    "is_host",
    "is_proxy",
    "lookup",
    "parse",
    "proxy_of",
    "sign",
    "tls_context",
    "why_not_ca_file",
]

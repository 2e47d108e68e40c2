"""Makes the call: one request on one connection, and one answer, or one error that tells whether the call was sent.

The vendor charges for checks and has no idempotency token, so the client tells `NotSent` from `UnknownOutcome`
reliably. It never repeats a call by itself, and knows nothing of attempts or policy.
"""

import hashlib
import http.cookiejar
import math
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import httpx

from .answer import Answer, check_status
from .body import RequestBody
from .codes import Billed
from .deadline import Deadline
from .endpoint import check_endpoint
from .errors import (
    BadAnswer,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    UnknownOutcome,
    VideoRefused,
    clear_variables,
)
from .exchange import Reply, Upload, Wire, asking_to_wait, failure_of, read_capped
from .retry_after import seconds_to_wait
from .route import proxy_of, tls_context
from .signing import Credentials, Signer, TC3Auth
from .source import Media

# CompareFaceLiveness page, Input Parameters: Action, Version, Region.
ACTION = "CompareFaceLiveness"
VERSION = "2018-03-01"
REGIONS = frozenset({"ap-singapore", "ap-hongkong", "ap-bangkok"})
LANGUAGES = frozenset({"en-US", "zh-CN"})  # API 3.0 "Common Parameters" page, Language

# Seconds.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
DEADLINE = 40
CONNECTIONS = 100  # at 20 calls a second and 3 s each, 60 are in flight

# What the status, the headers or the length of an answer may raise.
_ANSWERED = (BadAnswer, Throttled, Unavailable, UnknownOutcome, VideoRefused)


class LivenessClient:
    """A vendor account in one region; safe to share between threads, closed by `close()` or `with`.

    Times are seconds: `connect_timeout` for the pool, TCP and TLS each, `read_timeout` for any single wait
    on the wire, `deadline` for the whole call. `endpoint` is https, or http on a loopback address for an
    emulator (whether that is allowed is the caller's decision). `language` is that of descriptions.
    `proxy` and `ca_file` as in `route`: a call over https goes through that proxy in a tunnel, whose TLS ends at the
    vendor. Raises Misconfigured for settings that could never work.

    Connections are not reused. An answer left over on a kept connection could otherwise be taken for the
    next applicant's, and a connection that the vendor has just closed would make a call's outcome unknown.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        credentials: Credentials,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        deadline: float = DEADLINE,
        language: str = "en-US",
        unsigned_payload: bool = False,
        proxy: str = "",
        ca_file: str = "",
    ) -> None:
        if region not in REGIONS:
            raise Misconfigured("region_not_supported", billed=Billed.NO)
        if language not in LANGUAGES:
            raise Misconfigured("language_not_supported", billed=Billed.NO)
        if not all(0 < seconds < math.inf for seconds in (connect_timeout, read_timeout, deadline)):
            raise Misconfigured("timeouts_not_positive", billed=Billed.NO)
        self._endpoint = check_endpoint(endpoint)
        self._signer = Signer(credentials)
        self._deadline = deadline
        self._unsigned_payload = unsigned_payload
        # An emulator on this machine is called without TLS, so a proxy would read everything.
        way = proxy_of(proxy if self._endpoint.scheme == "https" else "", ca_file)
        self._proxied = way is not None
        del proxy  # a traceback that shows variables must not show its password
        self._http = httpx.Client(
            headers=_headers(region, language),
            timeout=httpx.Timeout(
                connect=connect_timeout, pool=connect_timeout, read=read_timeout, write=read_timeout
            ),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0),
            # A gateway's cookie would tie one applicant's call to another's: none is kept.
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            trust_env=False,
            proxy=way,
            follow_redirects=False,
            verify=tls_context(ca_file),
        )

    def compare(
        self, photo: Media, video: Media, *, mode: str, actions: str, now: Callable[[], float] = time.time
    ) -> Answer:
        """Checks one photo against one video; see RequestBody for the arguments and `send` for errors."""
        try:
            body = RequestBody(photo, video, mode=mode, actions=actions)
        finally:
            del photo, video  # a traceback that shows variables must not show faces
        try:
            return self.send(body, now=now)
        finally:
            body.release()

    def send(
        self,
        body: RequestBody,
        *,
        now: Callable[[], float] = time.time,
        may_send: Callable[[], bool] | None = None,
        begun: Callable[[], None] | None = None,
    ) -> Answer:
        """Sends a body, whose hash and size the caller may have recorded before. Raises any LivenessError.

        `now` is the clock of the signature, in seconds since 1970. `may_send` is called once the
        connection stands, right before the first byte; it may wait, and if it returns False, Withdrawn is raised.
        `begun` is called as soon as the request's headers have left.
        Raises MediaChanged, with nothing sent, if the media do not have the hashes on record. If they change between
        that check and the sending, the signature no longer fits and the vendor refuses the call; an unsigned body is
        sent as it then is.
        """
        if self._unsigned_payload:
            body.verify()
        digest = None if self._unsigned_payload else body.sha256_hex()
        return self._exchange(body, body.size, digest, now, may_send, begun).parse()

    def probe(
        self,
        *,
        now: Callable[[], float] = time.time,
        may_send: Callable[[], bool] | None = None,
        begun: Callable[[], None] | None = None,
    ) -> str:
        """The code for a signed request that cannot be billed, since it has no parameters at all.

        "MissingParameter" means that endpoint, clock and credentials are in order, because the vendor checks the
        signature first. Raises Unavailable and Throttled, which may hold a Retry-After, with or without a code of the
        vendor; and NotSent, UnknownOutcome or BadAnswer if no code came back.
        """
        digest = None if self._unsigned_payload else hashlib.sha256(b"{}").hexdigest()
        reply = self._exchange([b"{}"], 2, digest, now, may_send, begun)
        try:
            return reply.parse().result
        except (Misconfigured, Rejected, VideoRefused) as error:
            return error.code

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LivenessClient({self._endpoint.host!r})"

    def _exchange(
        self,
        slices: Iterable[bytes],
        size: int,
        digest: str | None,
        now: Callable[[], float],
        may_send: Callable[[], bool] | None,
        begun: Callable[[], None] | None,
    ) -> Reply:
        with Deadline(self._deadline) as deadline:
            upload, wire = Upload(slices, deadline), Wire(deadline, may_send, begun, self._proxied)
            request = self._http.build_request(
                "POST",
                self._endpoint,
                content=upload,
                headers={"Content-Length": str(size)},
                extensions={"trace": wire.follow},
            )
            try:
                return self._receive(request, TC3Auth(self._signer, digest, now), upload, now)
            except _ANSWERED:
                raise
            except Exception as error:
                # Any error: once a byte of the body has left, the outcome of the call is unknown.
                failure = failure_of(error, upload.began, deadline.passed, wire.at_proxy)
                clear_variables(error)
            finally:
                upload.release()
        # Raised outside the except block, so that the HTTP library's error is not its context: that error holds
        # the request, and with it the Authorization header and the applicant's media.
        try:
            raise failure
        finally:
            del failure  # breaks the reference cycle of this frame and the error, which holds the media

    def _receive(
        self, request: httpx.Request, auth: httpx.Auth, upload: Upload, now: Callable[[], float]
    ) -> Reply:
        response = self._http.send(request, auth=auth, stream=True)
        retry_after = seconds_to_wait(response.headers.get("Retry-After"), now)
        try:
            with asking_to_wait(retry_after):
                check_status(response.status_code, asked=upload.ended)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise BadAnswer("content_encoding")
            return Reply(
                raw=read_capped(response.iter_raw()),
                content_type=response.headers.get("Content-Type"),
                framed="Content-Length" in response.headers or "Transfer-Encoding" in response.headers,
                asked=upload.ended,
                retry_after=retry_after,
            )
        finally:
            response.close()


def _headers(region: str, language: str) -> dict[str, str]:
    return {
        # Signed byte for byte, so without a charset.
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "kyc-portal",
        "X-TC-Action": ACTION,
        "X-TC-Version": VERSION,
        "X-TC-Region": region,
        "X-TC-Language": language,
    }

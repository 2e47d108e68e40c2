"""Decides what one API call is answered: the vendor's checks in the vendor's order, then the script.

It does not know sockets: it takes the headers and the body, and returns the answer, how long to delay it, and
which fault to apply.
"""

import hashlib
import uuid
from dataclasses import dataclass
from email.message import Message

from kyc_portal.sandbox.emulator.accounts import Accounts
from kyc_portal.sandbox.emulator.answers import Answer, Refusal, Unfit, error, verdict
from kyc_portal.sandbox.emulator.clock import Clock
from kyc_portal.sandbox.emulator.faults import HOLD, Reply
from kyc_portal.sandbox.emulator.intake import Intake
from kyc_portal.sandbox.emulator.ledger import Call, word
from kyc_portal.sandbox.emulator.limiter import RateLimiter
from kyc_portal.sandbox.emulator.media import Clip, check_photo, container_of, read_clip
from kyc_portal.sandbox.emulator.memory import Memory
from kyc_portal.sandbox.emulator.parameters import Parameters, parse
from kyc_portal.sandbox.emulator.script import ScriptQueue, Step
from kyc_portal.sandbox.emulator.signature import check_signature, is_unsigned
from kyc_portal.sandbox.emulator.wire import JSON

ACTION = "CompareFaceLiveness"
VERSION = "2018-03-01"
REGIONS = ("ap-bangkok", "ap-hongkong", "ap-singapore")
BODY_LIMIT = 10_000_000


@dataclass(frozen=True)
class Outcome:
    reply: Reply
    latency_ms: int = 0
    fault: str | None = None


class Api:
    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        scripts: ScriptQueue,
        *,
        latency_ms: int,
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._scripts = scripts
        self._limiter = RateLimiter()
        self._latency_ms = latency_ms
        self._photos = Memory[None]()
        self._clips = Memory[Clip]()

    def answer(self, headers: Message, body: Intake, call: Call) -> Outcome:
        call.body_size, call.body_sha256 = body.size, body.sha256
        call.region = word(headers.get("X-TC-Region"))
        try:
            data = self._admit(headers, body, call)
        except Refusal as refusal:
            return self._outcome(call, error(refusal.code, str(refusal)))
        # Taken after the checks: a refused call uses up no scripted answer.
        step = self._scripts.take()
        latency_ms = self._latency_ms if step.latency_ms is None else step.latency_ms
        return self._outcome(call, self._judge(data, step, call), latency_ms, step.fault)

    def refuse(self, call: Call, code: str, message: str) -> Outcome:
        """The answer to a request that is too broken to be checked."""
        return self._outcome(call, error(code, message))

    def _outcome(self, call: Call, answer: Answer, latency_ms: int = 0, fault: str | None = None) -> Outcome:
        call.request_id = str(uuid.uuid4())
        call.answer = fault if fault and fault != HOLD else answer.label
        call.verdict, call.sim = answer.label, answer.sim
        return Outcome(Reply(answer, call.request_id), latency_ms, fault)

    def _admit(self, headers: Message, body: Intake, call: Call) -> bytearray:
        """The gateway: everything that is settled before the body is read as JSON."""
        if body.data is None or body.sha256 is None:
            raise Refusal("RequestSizeLimitExceeded", f"The request is larger than {BODY_LIMIT} bytes.")
        _check_common(headers)
        self._check_signature(headers, body.sha256, call)
        if headers.get_content_type() != JSON:
            raise Refusal("InvalidRequest", f"Content-Type must be {JSON}.")
        secret_id = call.credential_id or ""
        rate = self._accounts.rate_of(secret_id)
        if not self._limiter.admit(secret_id, call.arrived_monotonic, rate):
            raise Refusal("RequestLimitExceeded", f"More than {rate} requests in one second.")
        return body.data

    def _check_signature(self, headers: Message, body_sha256: str, call: Call) -> None:
        try:
            signer = check_signature(headers, body_sha256, accounts=self._accounts, now=self._clock.seconds())
        except Refusal as refusal:
            call.signature = refusal.code
            raise
        call.credential_id = signer.secret_id
        call.signature = "unsigned-payload" if is_unsigned(headers) else "valid"

    def _judge(self, data: bytes | bytearray, step: Step, call: Call) -> Answer:
        """The service: checks come first, so that no script can let a wrong request pass."""
        try:
            given = parse(data)
            frame = self._open_media(given, call)
        except Refusal as refusal:
            return error(refusal.code, str(refusal))
        except Unfit as unfit:
            return verdict(unfit.result, why=str(unfit))
        if step.error:
            return error(step.error, "As scripted.")
        return verdict(step.result, sim=step.sim, frame=frame)

    def _open_media(self, given: Parameters, call: Call) -> bytes:
        call.liveness_type, call.validate_data = given.liveness_type, given.validate_data
        call.image_sha256 = hashlib.sha256(given.image).hexdigest()
        call.video_sha256 = hashlib.sha256(given.video).hexdigest()
        self._photos.recall(call.image_sha256, lambda: check_photo(given.image))
        call.video_container = container_of(given.video)
        clip = self._clips.recall(call.video_sha256, lambda: read_clip(given.video))
        call.video = {
            "codec": clip.codec,
            "width": clip.width,
            "height": clip.height,
            "duration": clip.seconds,
        }
        return clip.best_frame


def _check_common(headers: Message) -> None:
    action, version, region = (headers.get(f"X-TC-{name}") for name in ("Action", "Version", "Region"))
    if action != ACTION:
        raise Refusal("InvalidAction", f"X-TC-Action must be {ACTION}.")
    if version != VERSION:
        raise Refusal("NoSuchVersion", f"X-TC-Version must be {VERSION}.")
    if region not in REGIONS:
        raise Refusal("UnsupportedRegion", f"X-TC-Region must be one of {', '.join(REGIONS)}.")

"""Turns the bytes of an answer into one frozen `Answer`, or refuses them.

A decision rests on what is read here, so reading is strict: a missing field, an odd number or a second meaning is a
`BadAnswer`. This module knows no policy; `rules.decision` decides what follows from an answer.
"""

import hashlib
import re
from dataclasses import dataclass, field
from decimal import Decimal

import pybase64

from verification.strict_json import NotStrict, read_object

from .codes import Category, CodeRule, lookup
from .errors import (
    BadAnswer,
    LivenessError,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    UnknownOutcome,
    VideoRefused,
)

VENDOR_PASS = Decimal(70)  # CompareFaceLiveness page, Output Parameters, Result
# "Sim ... is valid when Result is" one of these two (same page).
WITH_SIMILARITY = frozenset({"Success", "FailedOperation.CompareLowSimilarity"})
# After these no faces were compared, so the filler in `Sim` is 0 (same page, example 3).
_NOT_COMPARED = frozenset({Category.LIVENESS_FAILED, Category.CAPTURE_QUALITY, Category.REFERENCE_PHOTO})

BEST_FRAME_LIMIT = 3_000_000  # bytes of JPEG; the vendor's frames have about a hundred thousand
DESCRIPTION_LIMIT = 1_000
CODE_LIMIT = 128
MAX_DEPTH = 32  # levels; a real answer has two
MAX_NUMBER = 24  # characters; a similarity needs six, and nothing else in an answer is a number
MAX_EXPONENT = 400  # a double's own is at most 324

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_RESULT = re.compile(rf"[ -~]{{1,{CODE_LIMIT}}}")  # printable ASCII only
_ERROR_CODE = re.compile(rf"[A-Za-z0-9._]{{1,{CODE_LIMIT}}}")
_CONTENT_TYPE = re.compile(r'(?:application/json|text/plain)(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)

# A gateway sends these when it passed the request on and got no answer it could use, or stopped waiting for one. The
# check may have run. 408: the gateway stopped waiting for our request. 499: it took our connection for closed. 520, 522
# and 524 are Cloudflare's, 598 and 599 those of other proxies. 521, 523, 525, 526 and 530 say that the vendor was not
# reached, and 500, 501, 503 and 505 that it did not take the request: those are answers.
HIDES_OUTCOME = frozenset({408, 499, 502, 504, 520, 522, 524, 598, 599})

_FAULTS: dict[Category, type[LivenessError]] = {
    Category.VIDEO_REFUSED: VideoRefused,
    Category.TRANSIENT: Unavailable,
    Category.THROTTLED: Throttled,
    Category.CONFIGURATION: Misconfigured,
    Category.BAD_REQUEST: Rejected,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor said about one photo and one video.

    `similarity` is 0 to 100, exact, and None unless the code makes it meaningful. `best_frame` is JPEG;
    when the vendor's frame was unusable it is None and `best_frame_note` says why. `consistent` is False
    when the code and the similarity contradict each other. `raw_sha256` is over the answer's bytes.
    """

    result: str
    similarity: Decimal | None
    description: str
    request_id: str
    best_frame: bytes | None = field(repr=False)
    best_frame_note: str
    rule: CodeRule
    raw_sha256: str
    consistent: bool


def parse(raw: bytes, *, content_type: str | None, status: int) -> Answer:
    """The answer that these bytes are.

    Raises BadAnswer for anything that breaks the contract; and for codes that are not about the applicant VideoRefused,
    Throttled, Unavailable, Misconfigured or Rejected.
    """
    try:
        return _parse(raw, content_type, status)
    except LivenessError as error:
        failure = error
    # Raised again where no variable holds the answer: a traceback that shows variables would show a face.
    del raw
    try:
        raise failure.with_traceback(None)
    finally:
        del failure  # breaks the reference cycle of this frame and the error


def _parse(raw: bytes, content_type: str | None, status: int) -> Answer:
    check_status(status)
    if not _CONTENT_TYPE.fullmatch((content_type or "").strip()):
        raise BadAnswer("content_type")
    response = _response(raw)
    request_id = _request_id(response)
    if ("Result" in response) == ("Error" in response):
        raise BadAnswer("not_result_xor_error", request_id)
    read = _read_result if "Result" in response else _read_error
    return read(response, request_id, hashlib.sha256(raw).hexdigest())


def check_status(status: int, *, asked: bool = True) -> None:
    """API errors come with HTTP 200 too, so any other status comes from a gateway.

    `asked`: the whole request had been sent before the status came, so the vendor may have judged it.
    """
    if status == 200:
        return
    code = f"http_{status}"
    if status in HIDES_OUTCOME and asked:
        raise UnknownOutcome(code)
    if status >= 500 or status in HIDES_OUTCOME:
        raise Unavailable(code)
    if status == 429:
        raise Throttled(code)
    if status == 413:
        raise VideoRefused(code)
    raise BadAnswer(code)


def _response(raw: bytes) -> dict[str, object]:
    outer, reason = _object(raw)
    if outer is None:
        raise BadAnswer(reason)
    response = outer.get("Response")
    if len(outer) != 1 or not isinstance(response, dict):
        raise BadAnswer("no_response")
    return response


def _object(raw: bytes) -> tuple[dict[str, object] | None, str]:
    """The object, or the reason why there is none: the reader's error would hold the answer in its frames."""
    try:
        return read_object(raw, max_depth=MAX_DEPTH, max_number=MAX_NUMBER, fraction=_decimal), ""
    except NotStrict as error:
        return None, error.reason


def _decimal(text: str) -> Decimal:
    """The number as it is written: a float would round 79.99999999999999999 up to 80, and so to a pass."""
    # Decimal reads exponents that it then can't calculate with.
    if not -MAX_EXPONENT < int(text.lower().partition("e")[2] or 0) < MAX_EXPONENT:
        raise NotStrict("number_out_of_range")
    return Decimal(text)


def _request_id(response: dict[str, object]) -> str:
    value = response.get("RequestId")
    if not isinstance(value, str) or not _REQUEST_ID.fullmatch(value):
        raise BadAnswer("request_id")
    return value


def _read_result(response: dict[str, object], request_id: str, raw_sha256: str) -> Answer:
    result = response["Result"]
    if not isinstance(result, str) or not _RESULT.fullmatch(result):
        raise BadAnswer("result", request_id)
    rule = lookup(result, field="Result")
    _raise_fault(rule, request_id)
    similarity = _similarity(response, request_id) if result in WITH_SIMILARITY else None
    best_frame, note = _best_frame(response.get("BestFrameBase64"))
    return Answer(
        result=result,
        similarity=similarity,
        description=_sentence(response.get("Description"), request_id),
        request_id=request_id,
        best_frame=best_frame,
        best_frame_note=note,
        rule=rule,
        raw_sha256=raw_sha256,
        consistent=fits(rule, similarity, response.get("Sim")),
    )


def _read_error(response: dict[str, object], request_id: str, raw_sha256: str) -> Answer:
    error = response["Error"]
    code = error.get("Code") if isinstance(error, dict) else None
    # "Success" counts in `Result` alone.
    if not isinstance(error, dict) or not isinstance(code, str) or not _ERROR_CODE.fullmatch(code):
        raise BadAnswer("error_code", request_id)
    if code.casefold() == "success":
        raise BadAnswer("success_as_error", request_id)
    rule = lookup(code, field="Error")
    _raise_fault(rule, request_id)
    return Answer(
        result=code,
        similarity=None,
        description=_sentence(error.get("Message"), request_id),
        request_id=request_id,
        best_frame=None,
        best_frame_note="",
        rule=rule,
        raw_sha256=raw_sha256,
        consistent=True,
    )


def _raise_fault(rule: CodeRule, request_id: str) -> None:
    fault = _FAULTS.get(rule.category)
    if fault is not None:
        raise fault(rule.code, request_id, rule.billed)


def _similarity(response: dict[str, object], request_id: str) -> Decimal:
    value = response.get("Sim")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):  # bool is a subclass of int
        raise BadAnswer("similarity_missing", request_id)
    similarity = Decimal(value)
    if similarity.is_signed() or similarity > 100:
        raise BadAnswer("similarity_out_of_range", request_id)
    return similarity


def fits(rule: CodeRule, similarity: Decimal | None, sim: object) -> bool:
    """Do the code and the similarity mean the same? `sim` is the number as it was sent, also where it means nothing."""
    if similarity is not None:
        return (similarity >= VENDOR_PASS) == (rule.code == "Success")
    compared = sim is not None and (isinstance(sim, bool) or not isinstance(sim, int | Decimal) or sim != 0)
    return not (compared and rule.known and rule.category in _NOT_COMPARED)


def _best_frame(value: object) -> tuple[bytes | None, str]:
    """The frame, or why there is none. It helps a reviewer and never changes an outcome, so it raises nothing."""
    if value is None or value in ("", "null"):  # the page: this field "may return "null""
        return None, ""
    if not isinstance(value, str):
        return None, "not_a_string"
    if len(value) > BEST_FRAME_LIMIT // 3 * 4:
        return None, "too_large"
    try:
        frame = pybase64.b64decode(value, validate=True)
    except ValueError:
        return None, "not_base64"
    return (frame, "") if frame.startswith(b"\xff\xd8\xff") else (None, "not_jpeg")


def _sentence(value: object, request_id: str) -> str:
    """Free text of the vendor as one line, cut to DESCRIPTION_LIMIT; not escaped.

    Characters that can't be seen become spaces: control characters, line ends, and those that turn the direction of the
    text, with which a sentence could show itself as another one.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadAnswer("description", request_id)
    line = "".join(char if char.isprintable() else " " for char in value[:DESCRIPTION_LIMIT])
    return line.strip()

"""Every documented code of the vendor, with its category, its charge and a hint for the applicant.

If the vendor changes a code, this is the file to change. It knows no policy: `rules.decision` decides what a category
leads to, and `verification.hints` holds what the applicant reads.

Sources: the CompareFaceLiveness page (Output Parameters, Error Code), the API 3.0 "Common Error Codes"
page, the eKYC billing page, and the lists of `Result` codes that the vendor's public SDKs give for the
sibling calls sharing that field. Charging is documented for few codes; the rest say "unknown" and have to
be budgeted as charged.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

Field = Literal["Result", "Error"]
Step = Literal["document", "capture"]


class Category(StrEnum):
    """What a code means for the attempt."""

    PASSED = "passed"
    LOW_SIMILARITY = "low_similarity"
    LIVENESS_FAILED = "liveness_failed"
    CAPTURE_QUALITY = "capture_quality"
    REFERENCE_PHOTO = "reference_photo"
    VIDEO_REFUSED = "video_refused"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    CONFIGURATION = "configuration"
    BAD_REQUEST = "bad_request"


class Billed(StrEnum):
    """Whether the vendor charges for a call."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Hint(StrEnum):
    """The key of what the applicant reads, in `verification.hints`."""

    RECEIVED = "received"
    BEING_CHECKED = "being_checked"
    SHORT_DELAY = "short_delay"
    PAUSED = "paused"
    OUR_FAULT = "our_fault"
    RECORD_AGAIN = "record_again"
    LONGER = "longer"
    SHORTER = "shorter"
    FOLLOW_PROMPTS = "follow_prompts"
    BLINK_CLEARLY = "blink_clearly"
    OPEN_MOUTH = "open_mouth"
    MOVE_BACK = "move_back"
    MOVE_CLOSER = "move_closer"
    CENTRE_FACE = "centre_face"
    WHOLE_FACE = "whole_face"
    LOOK_STRAIGHT = "look_straight"
    HOLD_STILL = "hold_still"
    BRIGHTER = "brighter"
    DIMMER = "dimmer"
    REMOVE_MASK = "remove_mask"
    EYES_OPEN = "eyes_open"
    MOUTH_VISIBLE = "mouth_visible"
    BE_ALONE = "be_alone"
    PHOTO_AGAIN = "photo_again"
    PHOTO_SHARPER = "photo_sharper"
    PHOTO_ONE_FACE = "photo_one_face"
    PHOTO_WHOLE_FACE = "photo_whole_face"
    PHOTO_UNCOVERED = "photo_uncovered"
    PHOTO_WHOLE_DOCUMENT = "photo_whole_document"
    PHOTO_OTHER_SIZE = "photo_other_size"


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What one code means.

    `suspicion`: the code reports a replayed or staged picture, so the case goes to review at once and the applicant
    reads a neutral sentence. `known` is False if the code is in no list and a fallback was used: it goes to review.
    """

    code: str
    category: Category
    billed: Billed
    hint: Hint
    step: Step
    suspicion: bool = False
    known: bool = True


_SUCCESS = "Success"

_ROWS: tuple[tuple[Category, Hint, str], ...] = (
    (Category.PASSED, Hint.RECEIVED, _SUCCESS),
    # CompareFail is no proof of a mismatch, so it goes to review too.
    (Category.LOW_SIMILARITY, Hint.BEING_CHECKED, """
        FailedOperation.CompareFail FailedOperation.CompareLowSimilarity
        InternalError.CompareLowSimilarity"""),
    (Category.LIVENESS_FAILED, Hint.BEING_CHECKED, """
        FailedOperation.LifePhotoDetectFake FailedOperation.LivessDetectFake
        FailedOperation.SilentPictureLiveFail"""),
    (Category.LIVENESS_FAILED, Hint.RECORD_AGAIN, """
        FailedOperation.LivessDetectFail FailedOperation.LivessUnknownError
        FailedOperation.SilentDetectFail FailedOperation.SilentThreshold"""),
    (Category.LIVENESS_FAILED, Hint.EYES_OPEN, "FailedOperation.SilentEyeLiveFail"),
    (Category.LIVENESS_FAILED, Hint.MOUTH_VISIBLE, "FailedOperation.SilentMouthLiveFail"),
    # The Lip* codes belong to a mode with spoken digits that this API does not offer; mapped in case.
    (Category.CAPTURE_QUALITY, Hint.BLINK_CLEARLY, "FailedOperation.ActionCloseEye"),
    (Category.CAPTURE_QUALITY, Hint.MOVE_BACK, "FailedOperation.ActionFaceClose"),
    (Category.CAPTURE_QUALITY, Hint.MOVE_CLOSER, "FailedOperation.ActionFaceFar"),
    # People see themselves mirrored, so left and right both become "the middle".
    (Category.CAPTURE_QUALITY, Hint.CENTRE_FACE, """
        FailedOperation.ActionFaceLeft FailedOperation.ActionFaceRight"""),
    (Category.CAPTURE_QUALITY, Hint.FOLLOW_PROMPTS, """
        FailedOperation.ActionFirstAction FailedOperation.LipMoveSmall"""),
    (Category.CAPTURE_QUALITY, Hint.BRIGHTER, """
        FailedOperation.ActionLightDark InternalError.ActionLightDark"""),
    (Category.CAPTURE_QUALITY, Hint.DIMMER, """
        FailedOperation.ActionLightStrong InternalError.ActionLightStrong"""),
    (Category.CAPTURE_QUALITY, Hint.WHOLE_FACE, """
        FailedOperation.ActionNodetectFace InternalError.ActionNodetectFace
        FailedOperation.LipFaceIncomplete FailedOperation.SilentFaceDetectFail"""),
    (Category.CAPTURE_QUALITY, Hint.OPEN_MOUTH, "FailedOperation.ActionOpenMouth"),
    (Category.CAPTURE_QUALITY, Hint.SHORTER, "FailedOperation.VideoDurationExceeded"),
    (Category.CAPTURE_QUALITY, Hint.RECORD_AGAIN, """
        FailedOperation.LipSizeError FailedOperation.LipVoiceDetect
        FailedOperation.LipVoiceLow FailedOperation.LipVoiceRecognize"""),
    # "Quaility" is the vendor's spelling.
    (Category.CAPTURE_QUALITY, Hint.HOLD_STILL, """
        FailedOperation.LipVideoQuaility FailedOperation.SilentFaceQualityFail"""),
    (Category.CAPTURE_QUALITY, Hint.LOOK_STRAIGHT, "FailedOperation.LivessBestFrameError"),
    (Category.CAPTURE_QUALITY, Hint.REMOVE_MASK, "FailedOperation.SilentFaceWithMaskFail"),
    (Category.CAPTURE_QUALITY, Hint.BE_ALONE, "FailedOperation.SilentMultiFaceFail"),
    (Category.CAPTURE_QUALITY, Hint.LONGER, "FailedOperation.SilentTooShort"),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_UNCOVERED, "FailedOperation.CoveredFace"),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_AGAIN, """
        FailedOperation.EmptyImageError FailedOperation.ImageDecodeFailed"""),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_SHARPER, """
        FailedOperation.IdPhotoPoorQuality FailedOperation.ImageBlur
        FailedOperation.LifePhotoPoorQuality FailedOperation.PoorImageQuality
        InternalError.LifePhotoPoorQuality"""),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_WHOLE_DOCUMENT, "FailedOperation.ImageNoIdCard"),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_OTHER_SIZE, """
        FailedOperation.ImageSizeTooLarge FailedOperation.LifePhotoSizeError
        InternalError.LifePhotoSizeError"""),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_ONE_FACE, "FailedOperation.LifePhotoDetectFaces"),
    (Category.REFERENCE_PHOTO, Hint.PHOTO_WHOLE_FACE, """
        FailedOperation.IncompleteFace FailedOperation.LifePhotoDetectNoFaces"""),
    # The portal made and decoded what is sent: the person in front of the camera can't mend it.
    (Category.VIDEO_REFUSED, Hint.SHORT_DELAY, """
        FailedOperation.CompressVideoError FailedOperation.LipVideoInvalid
        FailedOperation.VideoDecodeFailed RequestSizeLimitExceeded"""),
    # ClientNetworkError and ServerNetworkError are words of the vendor's own SDK.
    (Category.TRANSIENT, Hint.SHORT_DELAY, """
        ClientNetworkError FailedOperation FailedOperation.CompareLibServiceUnavailable
        FailedOperation.CompareSystemError FailedOperation.DetectEngineSystemError
        FailedOperation.DownLoadError FailedOperation.DownLoadTimeoutError
        FailedOperation.FileSaveError FailedOperation.LipNetFailed
        FailedOperation.LivessSystemError FailedOperation.UnKnown InternalError
        InternalError.UnKnown ResourceInUse ResourceInsufficient ResourceUnavailable
        ServerNetworkError ServiceUnavailable"""),
    (Category.THROTTLED, Hint.SHORT_DELAY, """
        FailedOperation.RequestLimitExceeded RequestLimitExceeded
        RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded
        RequestLimitExceeded.UinLimitExceeded"""),
    (Category.CONFIGURATION, Hint.PAUSED, """
        ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId
        AuthFailure.MFAFailure AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire
        AuthFailure.SignatureFailure AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation
        FailedOperation.StsUnAuthErrError IpInBlacklist IpNotInWhitelist LimitExceeded
        OperationDenied UnauthorizedOperation UnauthorizedOperation.ActivateError
        UnauthorizedOperation.Activating UnauthorizedOperation.Arrears
        UnauthorizedOperation.ChargeStatusException UnauthorizedOperation.NonAuthorize
        UnauthorizedOperation.Nonactivated UnsupportedRegion"""),
    (Category.BAD_REQUEST, Hint.OUR_FAULT, """
        DryRunOperation FailedOperation.InvalidTokenParameter InvalidAction InvalidParameter
        InvalidParameter.UnsupportEncryptField InvalidParameterValue
        InvalidParameterValue.BizTokenExpired InvalidParameterValue.BizTokenIllegal
        InvalidParameterValue.RuleIdNotExist InvalidRequest MissingParameter NoSuchProduct
        NoSuchVersion ResourceNotFound ResponseSizeLimitExceeded
        UnknownParameter UnsupportedOperation UnsupportedProtocol"""),
)  # fmt: skip

_BILLED = f"{_SUCCESS} FailedOperation.CompareLowSimilarity"
_NOT_BILLED = """
    FailedOperation.LifePhotoDetectFake FailedOperation.VideoDecodeFailed
    FailedOperation.VideoDurationExceeded FailedOperation.CoveredFace
    FailedOperation.IdPhotoPoorQuality FailedOperation.ImageDecodeFailed
    FailedOperation.ImageSizeTooLarge FailedOperation.IncompleteFace
    FailedOperation.LifePhotoDetectFaces FailedOperation.LifePhotoDetectNoFaces
    FailedOperation.PoorImageQuality FailedOperation.DetectEngineSystemError
    FailedOperation.DownLoadError FailedOperation.LivessSystemError FailedOperation.UnKnown
    InternalError OperationDenied UnauthorizedOperation UnauthorizedOperation.ActivateError
    UnauthorizedOperation.Activating UnauthorizedOperation.Arrears
    UnauthorizedOperation.ChargeStatusException UnauthorizedOperation.NonAuthorize
    UnauthorizedOperation.Nonactivated InvalidParameter InvalidParameterValue
    InvalidParameterValue.BizTokenExpired InvalidParameterValue.BizTokenIllegal
"""
_CHARGED = dict.fromkeys(_BILLED.split(), Billed.YES) | dict.fromkeys(_NOT_BILLED.split(), Billed.NO)
_SUSPICION = frozenset({
    "FailedOperation.LifePhotoDetectFake",
    "FailedOperation.LivessDetectFake",
    "FailedOperation.SilentPictureLiveFail",
})  # fmt: skip


def _rules() -> Iterator[tuple[str, CodeRule]]:
    for category, hint, codes in _ROWS:
        for code in codes.split():
            yield code, _rule(code, category, hint)


def _rule(code: str, category: Category, hint: Hint, *, known: bool = True) -> CodeRule:
    return CodeRule(
        code,
        category,
        billed=_CHARGED.get(code, Billed.UNKNOWN) if known else Billed.UNKNOWN,
        hint=hint,
        step="document" if category is Category.REFERENCE_PHOTO else "capture",
        suspicion=code in _SUSPICION,
        known=known,
    )


RULES: Mapping[str, CodeRule] = MappingProxyType(dict(_rules()))

_TWIN = {"FailedOperation": "InternalError", "InternalError": "FailedOperation"}

_Family = tuple[re.Pattern[str], Category, Hint]

# Tried in order for a code in no list; the last row matches all. In `Result` a failed operation
# is about the applicant's media, in `Error` the vendor failed.
_SHARED_FAMILIES: tuple[_Family, ...] = (
    (re.compile(r"AuthFailure\.|UnauthorizedOperation"), Category.CONFIGURATION, Hint.PAUSED),
    (re.compile(r"InvalidParameter|Unsupported|Missing"), Category.BAD_REQUEST, Hint.OUR_FAULT),
    (re.compile(r"RequestLimitExceeded"), Category.THROTTLED, Hint.SHORT_DELAY),
    (re.compile(r"InternalError"), Category.TRANSIENT, Hint.SHORT_DELAY),
)
_RESULT_FAMILIES: tuple[_Family, ...] = (
    (re.compile(r"FailedOperation\.Action"), Category.CAPTURE_QUALITY, Hint.FOLLOW_PROMPTS),
    (re.compile(r"FailedOperation\.Silent.*Face"), Category.CAPTURE_QUALITY, Hint.WHOLE_FACE),
    *_SHARED_FAMILIES,
    (re.compile(r""), Category.LIVENESS_FAILED, Hint.BEING_CHECKED),
)
_ERROR_FAMILIES: tuple[_Family, ...] = (
    *_SHARED_FAMILIES,
    (re.compile(r""), Category.TRANSIENT, Hint.SHORT_DELAY),
)


def lookup(code: str, *, field: Field) -> CodeRule:
    """The rule for `code` as it came in `Result` or in `Error.Code`.

    Exact match first; then the twin (the vendor uses `FailedOperation.` and `InternalError.` for the same
    meaning); then the family, with `known` False. Nothing but "Success" in `Result` is ever PASSED.
    """
    rule = RULES.get(code)
    if rule is None:
        return _twin(code) or _fallback(code, field)
    if rule.category is Category.PASSED and field != "Result":
        return _fallback(code, field)
    return rule


def _twin(code: str) -> CodeRule | None:
    prefix, _, rest = code.partition(".")
    rule = RULES.get(f"{_TWIN.get(prefix)}.{rest}")
    return replace(rule, code=code, billed=Billed.UNKNOWN) if rule else None


def _fallback(code: str, field: Field) -> CodeRule:
    families = _RESULT_FAMILIES if field == "Result" else _ERROR_FAMILIES
    category, hint = next((category, hint) for family, category, hint in families if family.match(code))
    return _rule(code, category, hint, known=False)

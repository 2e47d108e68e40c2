"""Answers by name: every documented code of the vendor, and every fault, in families.

The names are for people and scripts outside this project, so they stay. Codes that the vendor gives as a `Result` are
judgements of a proper call; the others come as `Error.Code`. It does not know how an answer is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kyc_portal.sandbox.emulator.faults import FAULTS, HOLD


@dataclass(frozen=True)
class Preset:
    """`step` has keys of a script. `title` is empty where the name says it all: a code."""

    name: str
    step: Mapping[str, object]
    title: str = ""


@dataclass(frozen=True)
class Family:
    name: str
    title: str
    presets: tuple[Preset, ...]


def _results(codes: str) -> tuple[Preset, ...]:
    return tuple(Preset(code, {"result": code}) for code in codes.split())


def _errors(codes: str) -> tuple[Preset, ...]:
    return tuple(Preset(code, {"error": code}) for code in codes.split())


def _faults(*names: str) -> tuple[Preset, ...]:
    return tuple(
        Preset(name, {"fault": name}, _FAULT_TITLES.get(name, name.replace("_", " "))) for name in names
    )


_FAULT_TITLES = {
    "html": "A sign-in page in place of an answer",
    "truncated": "The answer breaks off",
    "reset": "The connection is reset",
    "drip": "One byte at a time",
    "hang": "No answer at all",
    "null_frame": "Pass without a best frame",
    "bad_frame": "Pass with a best frame that is no JPEG",
    "sim_nan": "Similarity is not a number",
    "duplicate_keys": "Two results in one answer",
    "no_request_id": "No RequestId",
    HOLD: "Pass, held until it is released",
}
_ODD = ("null_frame", "bad_frame", "sim_nan", "duplicate_keys", "no_request_id", "html")
_SERVER = tuple(name for name in FAULTS if name.startswith("http_"))

FAMILIES = (
    Family("success", "Passed", (
        Preset("pass", {"result": "Success"}, "Pass with 92.5"),
        Preset("pass_band", {"result": "Success", "sim": 74.2}, "Pass with 74.2"),
        Preset("slow_pass", {"latency_ms": 5000}, "Pass after 5 s"),
        *_faults(HOLD),
        *_results("Success"),
    )),
    Family("low_similarity", "Low similarity", (
        Preset("low", {"result": "FailedOperation.CompareLowSimilarity"}, "Low similarity, 42"),
        *_results("""
            FailedOperation.CompareLowSimilarity FailedOperation.CompareFail
            InternalError.CompareLowSimilarity"""),
    )),
    Family("liveness", "Liveness not confirmed", _results("""
        FailedOperation.LifePhotoDetectFake FailedOperation.LivessDetectFake
        FailedOperation.SilentPictureLiveFail FailedOperation.LivessDetectFail
        FailedOperation.LivessUnknownError FailedOperation.SilentDetectFail
        FailedOperation.SilentThreshold FailedOperation.SilentEyeLiveFail
        FailedOperation.SilentMouthLiveFail""")),
    Family("recording", "Recording not usable", _results("""
        FailedOperation.ActionCloseEye FailedOperation.ActionFaceClose FailedOperation.ActionFaceFar
        FailedOperation.ActionFaceLeft FailedOperation.ActionFaceRight FailedOperation.ActionFirstAction
        FailedOperation.ActionLightDark FailedOperation.ActionLightStrong
        FailedOperation.ActionNodetectFace FailedOperation.ActionOpenMouth
        FailedOperation.CompressVideoError FailedOperation.LipFaceIncomplete FailedOperation.LipMoveSmall
        FailedOperation.LipSizeError FailedOperation.LipVideoInvalid FailedOperation.LipVideoQuaility
        FailedOperation.LipVoiceDetect FailedOperation.LipVoiceLow FailedOperation.LipVoiceRecognize
        FailedOperation.LivessBestFrameError FailedOperation.SilentFaceDetectFail
        FailedOperation.SilentFaceQualityFail FailedOperation.SilentFaceWithMaskFail
        FailedOperation.SilentMultiFaceFail FailedOperation.SilentTooShort
        FailedOperation.VideoDecodeFailed FailedOperation.VideoDurationExceeded
        InternalError.ActionLightDark InternalError.ActionLightStrong InternalError.ActionNodetectFace""")),
    Family("photo", "ID photo not usable", _results("""
        FailedOperation.CoveredFace FailedOperation.EmptyImageError FailedOperation.IdPhotoPoorQuality
        FailedOperation.ImageBlur FailedOperation.ImageDecodeFailed FailedOperation.ImageNoIdCard
        FailedOperation.ImageSizeTooLarge FailedOperation.IncompleteFace
        FailedOperation.LifePhotoDetectFaces FailedOperation.LifePhotoDetectNoFaces
        FailedOperation.LifePhotoPoorQuality FailedOperation.LifePhotoSizeError
        FailedOperation.PoorImageQuality InternalError.LifePhotoPoorQuality
        InternalError.LifePhotoSizeError""")),
    Family("odd", "Odd answers", (
        Preset("unknown_result", {"result": "FailedOperation.SomethingNew"}, "A Result of no list"),
        Preset("unknown_error", {"error": "SomethingNew"}, "An Error of no list"),
        Preset("success_below_70", {"result": "Success", "sim": 12.0}, "Success with 12"),
        Preset(
            "low_above_70", {"result": "FailedOperation.CompareLowSimilarity", "sim": 99.0}, "Low similarity with 99"
        ),
        *_faults(*_ODD),
    )),
    Family("throttling", "Too many calls", _errors("""
        RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded
        RequestLimitExceeded.IPLimitExceeded RequestLimitExceeded.UinLimitExceeded
        FailedOperation.RequestLimitExceeded""")),
    Family("auth", "Credentials refused", _errors("""
        AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure
        AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure
        AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation FailedOperation.StsUnAuthErrError""")),
    Family("account", "Arrears and other faults of the account", (
        Preset("arrears", {"error": "UnauthorizedOperation.Arrears"}, "Account in arrears"),
        *_errors("""
            UnauthorizedOperation UnauthorizedOperation.ActivateError UnauthorizedOperation.Activating
            UnauthorizedOperation.Arrears UnauthorizedOperation.ChargeStatusException
            UnauthorizedOperation.NonAuthorize UnauthorizedOperation.Nonactivated ActionOffline
            IpInBlacklist IpNotInWhitelist LimitExceeded OperationDenied UnsupportedRegion"""),
    )),
    Family("request", "Request refused", _errors("""
        DryRunOperation FailedOperation.InvalidTokenParameter InvalidAction InvalidParameter
        InvalidParameter.UnsupportEncryptField InvalidParameterValue InvalidParameterValue.BizTokenExpired
        InvalidParameterValue.BizTokenIllegal InvalidParameterValue.RuleIdNotExist InvalidRequest
        MissingParameter NoSuchProduct NoSuchVersion RequestSizeLimitExceeded ResourceNotFound
        ResponseSizeLimitExceeded UnknownParameter UnsupportedOperation UnsupportedProtocol""")),
    Family("server", "Vendor failed", (*_faults(*_SERVER), *_results("""
        FailedOperation.CompareLibServiceUnavailable FailedOperation.CompareSystemError
        FailedOperation.DetectEngineSystemError FailedOperation.DownLoadError
        FailedOperation.DownLoadTimeoutError FailedOperation.FileSaveError FailedOperation.LipNetFailed
        FailedOperation.LivessSystemError FailedOperation.UnKnown InternalError.UnKnown"""), *_errors("""
        FailedOperation InternalError ResourceInUse ResourceInsufficient ResourceUnavailable ServiceUnavailable
        ClientNetworkError ServerNetworkError"""))),
    # A fault that is added is found here too.
    Family("transport", "Connection broken", _faults(
        *(name for name in FAULTS if name not in (*_ODD, *_SERVER))
    )),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {preset.name: preset for family in FAMILIES for preset in family.presets}


def listed() -> list[dict[str, object]]:
    """As the control address shows them."""
    return [
        {
            "name": family.name,
            "title": family.title,
            "presets": [
                {"name": preset.name, "title": preset.title, "script": dict(preset.step)}
                for preset in family.presets
            ],
        }
        for family in FAMILIES
    ]

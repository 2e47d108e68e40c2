"""The vendor's SDK and our client against the emulator: both get the same result from the same answer.

Each case is a request and its expected outcome (kind, code, sim). Kind is "result", "error", or "broken" with a
blank code if no answer came. CLIENTS holds a function `ask_…(call)` for each client.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client import FaceidClient
from tencentcloud.faceid.v20180301.models import CompareFaceLivenessRequest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, Clock, EmulatorServer
from verification import liveness

# Codes that the SDK raises when there was no answer; some are names of Python exceptions.
SDK_TRANSPORT_CODES = {"ClientNetworkError", "ServerNetworkError", "ChunkedEncodingError", "JSONDecodeError"}

Outcome = tuple[str, str, float | None]


@dataclass(frozen=True)
class Call:
    emulator: EmulatorServer
    photo: bytes
    video: bytes
    liveness_type: str = "SILENT"
    validate_data: str = ""
    secret_id: str = SANDBOX_SECRET_ID
    secret_key: str = SANDBOX_SECRET_KEY
    region: str = "ap-singapore"


def ask_sdk(call: Call) -> Outcome:
    http = HttpProfile(protocol="http", endpoint=call.emulator.url.removeprefix("http://"), reqTimeout=30)
    client = FaceidClient(
        Credential(call.secret_id, call.secret_key), call.region, ClientProfile(httpProfile=http)
    )
    request = CompareFaceLivenessRequest()
    request.ImageBase64 = base64.b64encode(call.photo).decode()
    request.VideoBase64 = base64.b64encode(call.video).decode()
    request.LivenessType, request.ValidateData = call.liveness_type, call.validate_data
    try:
        response = client.CompareFaceLiveness(request)
    except TencentCloudSDKException as error:
        code = str(error.get_code())
        return ("broken", "", None) if code in SDK_TRANSPORT_CODES else ("error", code, None)
    return "result", response.Result, response.Sim


def ask_portal(call: Call) -> Outcome:
    credentials = liveness.Credentials(call.secret_id, call.secret_key)
    try:
        with liveness.LivenessClient(call.emulator.url, call.region, credentials) as client:
            answer = client.compare(
                call.photo, call.video, mode=call.liveness_type, actions=call.validate_data
            )
    except liveness.LivenessError as error:
        return _as_the_sdk_says(error)
    # Our client reads Sim only where the vendor's page says that it means something.
    return "result", answer.result, float(answer.similarity or 0)


def _as_the_sdk_says(error: liveness.LivenessError) -> Outcome:
    """Translates our client's errors into what the vendor answered, or would have answered to what was not sent."""
    if isinstance(error, liveness.RequestTooLarge):
        return "error", "RequestSizeLimitExceeded" if error.name == "body" else "InvalidParameterValue", None
    if isinstance(error, liveness.UnsupportedChallenge):
        return "error", "InvalidParameterValue", None
    if isinstance(error, liveness.VideoRefused):
        return "result", error.code, 0
    if error.code == "region_not_supported":
        return "error", "UnsupportedRegion", None
    no_answer = isinstance(error, liveness.UnknownOutcome | liveness.BadAnswer) or error.code.startswith(
        "http_"
    )
    return ("broken", "", None) if no_answer else ("error", error.code, None)


CLIENTS: Mapping[str, Callable[[Call], Outcome]] = {"sdk": ask_sdk, "portal": ask_portal}
# Mistakes that the portal's client notices before it spends a call.
NOT_SENT_BY_PORTAL = {"wrong region", "actions missing", "oversized video", "oversized body"}


@dataclass(frozen=True)
class Case:
    outcome: Outcome
    how: Mapping[str, Any] = field(default_factory=dict)
    script: Mapping[str, Any] = field(default_factory=dict)
    # Container and codec of the clip, or its bytes
    clip: tuple[str, str] | bytes = ("mp4", "libx264")
    skew: float = 0
    photo: bytes = b""


CASES = {
    "success": Case(("result", "Success", 92.5)),
    "two actions": Case(("result", "Success", 92.5), how={"liveness_type": "ACTION", "validate_data": "4,2"}),
    "another region": Case(("result", "Success", 92.5), how={"region": "ap-hongkong"}),
    "pass band": Case(("result", "Success", 74.2), script={"sim": 74.2}),
    "low similarity": Case(
        ("result", "FailedOperation.CompareLowSimilarity", 9.21),
        script={"result": "FailedOperation.CompareLowSimilarity", "sim": 9.21},
    ),
    "unknown code": Case(("result", "NewCode.Foo", 0), script={"result": "NewCode.Foo"}),
    "arrears": Case(
        ("error", "UnauthorizedOperation.Arrears", None), script={"error": "UnauthorizedOperation.Arrears"}
    ),
    "gateway failure": Case(("broken", "", None), script={"fault": "http_502"}),
    "reset": Case(("broken", "", None), script={"fault": "reset"}),
    "half an answer": Case(("broken", "", None), script={"fault": "truncated"}),
    "a web page": Case(("broken", "", None), script={"fault": "html"}),
    "wrong key": Case(("error", "AuthFailure.SignatureFailure", None), how={"secret_key": "wrong"}),
    "unknown id": Case(("error", "AuthFailure.SecretIdNotFound", None), how={"secret_id": "AKIDnobody"}),
    "vendor clock ahead": Case(("error", "AuthFailure.SignatureExpire", None), skew=400),
    "vendor clock behind": Case(("error", "AuthFailure.SignatureExpire", None), skew=-400),
    "wrong region": Case(("error", "UnsupportedRegion", None), how={"region": "ap-guangzhou"}),
    "actions missing": Case(("error", "InvalidParameterValue", None), how={"liveness_type": "ACTION"}),
    "avi": Case(("result", "Success", 92.5), clip=("avi", "mpeg4")),
    "flv": Case(("result", "Success", 92.5), clip=("flv", "flv")),
    "webm": Case(("result", "FailedOperation.VideoDecodeFailed", 0), clip=("webm", "libvpx")),
    "oversized video": Case(("error", "InvalidParameterValue", None), clip=bytes(6_000_003)),
    "oversized body": Case(
        ("error", "RequestSizeLimitExceeded", None), clip=bytes(6_000_000), photo=bytes(2_200_000)
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", CASES)
def test_both_clients_get_the_same_outcome(
    photo: bytes, make_clip: Callable[..., bytes], name: str, client: str
) -> None:
    case = CASES[name]
    video = case.clip if isinstance(case.clip, bytes) else make_clip(*case.clip)
    with EmulatorServer(clock=Clock(case.skew)) as emulator:
        if case.script:
            emulator.script(**case.script)
        assert CLIENTS[client](Call(emulator, case.photo or photo, video, **case.how)) == case.outcome
        spared = client == "portal" and name in NOT_SENT_BY_PORTAL
        assert len(emulator.calls()) == (0 if spared else 1)

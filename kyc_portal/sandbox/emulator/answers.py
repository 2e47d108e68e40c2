"""What the vendor says: verdicts (`Result`) and errors (`Error.Code`), and their bytes.

Business failures are ordinary answers with a Result; only the API's own failures are Errors, and
both come with HTTP 200. This module does not know why an answer was given.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

NOTICE = "(emulator: no face was judged)"
PASS_SIM = 92.5
LOW_SIM = 42.0
SUCCESS = "Success"
LOW_SIMILARITY = "CompareLowSimilarity"

# The vendor's own wording where it is published, otherwise ours in its manner.
DESCRIPTIONS = {
    "Success": "Success",
    "FailedOperation.CompareLowSimilarity": "The comparison similarity did not reach the passing standard.",
    "FailedOperation.ActionFirstAction": "The first motion is not detected.",
    "FailedOperation.ActionLightDark": "The lighting is too dim.",
    "FailedOperation.SilentFaceWithMaskFail": "A face mask was detected.",
    "FailedOperation.LifePhotoDetectNoFaces": "No complete face was detected in the supplied image.",
    "FailedOperation.LivessDetectFake": "Suspected non-live or re-recorded video.",
}


@dataclass(frozen=True)
class Answer:
    """The content of "Response" without its RequestId; `label` is what the ledger calls it."""

    label: str
    fields: Mapping[str, object]
    sim: float | None = None


class Refusal(Exception):
    """The API itself refuses the call: an Error object."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unfit(Exception):
    """The call was proper but its photo or video is not: a Result other than Success."""

    def __init__(self, result: str, description: str) -> None:
        super().__init__(description)
        self.result = result


def default_sim(result: str) -> float:
    if result == SUCCESS:
        return PASS_SIM
    return LOW_SIM if result.endswith("." + LOW_SIMILARITY) else 0.0


def verdict(result: str, *, sim: float | None = None, frame: bytes | None = None, why: str = "") -> Answer:
    description = why or DESCRIPTIONS.get(result, "As scripted.")
    sim = default_sim(result) if sim is None else sim
    return Answer(
        label=result,
        sim=sim,
        fields={
            "Result": result,
            "Description": f"{description} {NOTICE}",
            "Sim": sim,
            "BestFrameBase64": None if frame is None else base64.b64encode(frame).decode(),
        },
    )


def error(code: str, message: str) -> Answer:
    return Answer(label=code, fields={"Error": {"Code": code, "Message": f"{message} {NOTICE}"}})


def encode(fields: Mapping[str, object]) -> bytes:
    return json.dumps({"Response": fields}).encode()


def response(answer: Answer, request_id: str) -> bytes:
    return encode({**answer.fields, "RequestId": request_id})

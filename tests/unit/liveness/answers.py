"""Vendor answers to parse: the genuine one, and variants of it."""

import base64
import json
from typing import Any

import pytest

from verification.liveness import Answer, BadAnswer, Category, LivenessError, parse

JPEG = b"\xff\xd8\xff\xe0 a small face \xff\xd9"
GENUINE = {
    "Result": "Success",
    "Description": "Success",
    "Sim": 99.5,
    "BestFrameBase64": base64.b64encode(JPEG).decode(),
    "RequestId": "f89097ac-4003-4d73-acb3-696d4057b9eb",
}
LOW: dict[str, Any] = {"Result": "FailedOperation.CompareLowSimilarity", "Sim": 9.21}
MISSED: dict[str, Any] = {"Result": "FailedOperation.ActionFirstAction", "Sim": 0}
DEFAULT_TYPE = "application/json"


def read(raw: bytes | str, content_type: str | None = DEFAULT_TYPE, status: int = 200) -> Answer:
    return parse(raw.encode() if isinstance(raw, str) else raw, content_type=content_type, status=status)


def written(without: str = "", **fields: object) -> str:
    response = {name: value for name, value in (GENUINE | fields).items() if name != without}
    return json.dumps({"Response": response})


def error(code: object, **fields: object) -> str:
    response = {"Error": {"Code": code, "Message": "said so"}, "RequestId": "r-1"} | fields
    return json.dumps({"Response": response})


def passes(raw: bytes | str, content_type: str | None = DEFAULT_TYPE, status: int = 200) -> bool:
    """Whether the answer meets the minimum for a pass: read, of the category PASSED, and consistent."""
    try:
        answer = read(raw, content_type, status)
    except LivenessError:
        return False
    return answer.rule.category is Category.PASSED and answer.consistent


def refusal(raw: bytes | str, content_type: str | None = DEFAULT_TYPE, status: int = 200) -> str:
    with pytest.raises(BadAnswer) as refused:
        read(raw, content_type, status)
    return refused.value.code

"""The API's refusals, by code: none repeats the input or is an HTML page."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.flow.test_api import CASES, PERSON, Caller, caller, code
from verification.api import views
from verification.models import Applicant

__all__ = ["caller"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "invalid_body"),
        (b"null", "invalid_body"),
        (b"[]", "invalid_body"),
        (b'"x"', "invalid_body"),
        (b"{'a':1}", "invalid_json"),
        (b'{"name":"a","name":"b"}', "duplicate_key"),
        (b'{"name":NaN}', "invalid_number"),
        (b'{"name":1e999}', "invalid_number"),
        (b'{"name":%s}' % (b"9" * 5000), "invalid_number"),
        (b"[" * 200_000, "too_deep"),
        (b'{"name":"\\ud800"}', "invalid_unicode"),
        (b'{"name":"a\\u0000b"}', "invalid_character"),
        ('{"name":"é"}'.encode("latin-1"), "invalid_encoding"),
    ],
)
def test_malformed_bodies(caller: Caller, body: bytes, expected: str) -> None:
    assert code(caller.post(body=body), 400) == expected
    assert not Applicant.objects.exists()


@pytest.mark.parametrize(
    "field", ["status", "sim", "is_staff", "tenant_id", "ValidateData", "__proto__", "client"]
)
def test_fields_that_no_call_knows(caller: Caller, field: str) -> None:
    assert code(caller.post(body={**PERSON, field: "1,2"}), 400) == "unknown_field"


@pytest.mark.parametrize("field", ["reference", "name", "email", "locale", "mode"])
@pytest.mark.parametrize("value", [True, 1, 1.0, None, [], {}, ["x"]])
def test_a_text_is_a_text(caller: Caller, field: str, value: object) -> None:
    answer = caller.post(body={**PERSON, field: value})
    assert code(answer, 400) == "invalid_type"
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, "name_required"),
        ({"name": "\u200b\u3164"}, "name_required"),
        ({"name": "a" * 201}, "too_long"),
        ({"name": "Z" + "\u0335" * 1000}, "too_many_marks"),
        ({"name": "a\u202eb"}, "invalid_character"),
        ({"name": "a\r\nX: b"}, "invalid_character"),
        ({"name": "😀"}, "invalid_character"),
        ({"reference": " "}, "reference_required"),
        ({"reference": "a\nb"}, "invalid_character"),
        ({"reference": "a" * 201}, "too_long"),
        ({"mode": "action"}, "invalid_choice"),
        ({"mode": "LIP"}, "invalid_choice"),
        ({"mode": "SILENT "}, "invalid_choice"),
        ({"mode": ""}, "invalid_choice"),
        ({"email": "a@b\n.example"}, "invalid_contact"),
        ({"email": "nobody"}, "invalid_contact"),
        ({"email": "a" * 250 + "@example.org"}, "invalid_contact"),
    ],
)
def test_values_that_cannot_be_used(caller: Caller, fields: dict[str, str], expected: str) -> None:
    answer = caller.post(body={**PERSON, **fields})
    assert code(answer, 422) == expected
    assert answer.json()["error"]["field"] == next(iter(fields))
    assert not Applicant.objects.exists()


@pytest.mark.parametrize("field", ["name", "reference"])
def test_what_a_person_needs(caller: Caller, field: str) -> None:
    body = {key: value for key, value in PERSON.items() if key != field}
    assert code(caller.post(body=body), 422) == f"{field}_required"


def test_malformed_comes_before_unfit(caller: Caller) -> None:
    assert code(caller.post(body={"name": "", "reference": 5}), 400) == "invalid_type"


def test_a_reference_that_is_under_way(caller: Caller) -> None:
    caller.create()
    answer = caller.post()
    assert code(answer, 409) == "duplicate_reference"
    assert answer.json()["error"]["field"] == "reference"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json; charset=utf-7", "application/json; x=1", "application/xml"]
)
def test_other_types_of_body(caller: Caller, kind: str) -> None:
    assert code(caller.post(content_type=kind), 415) == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", 'application/json;charset="utf-8"'])
def test_plain_utf8_may_be_said(caller: Caller, kind: str) -> None:
    assert caller.post(content_type=kind).status_code == 201


def test_a_compressed_body(caller: Caller) -> None:
    assert code(caller.post(Content_Encoding="gzip"), 415) == "content_encoding"


def test_a_body_that_is_too_large(caller: Caller) -> None:
    assert code(caller.post(body=json.dumps({**PERSON, "name": "a" * 1_000_000})), 413) == "body_too_large"


def test_a_body_that_hides_its_size(caller: Caller) -> None:
    """The API limits the bytes that it reads, not only the declared length."""
    answer = caller.http.generic(
        "POST", CASES, b"x" * 1_000_001, "application/json", CONTENT_LENGTH="5",
        headers={"Authorization": f"Bearer {caller.key}"},
    )  # fmt: skip
    assert answer.status_code in {400, 413}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace", "get"])
def test_methods_that_an_address_does_not_take(caller: Caller, method: str) -> None:
    answer = getattr(caller.http, method)(CASES, headers={"Authorization": f"Bearer {caller.key}"})
    assert code(answer, 405) == "method_not_allowed"
    assert answer["Allow"] == "POST"


def test_the_method_is_the_one_that_was_sent(caller: Caller) -> None:
    case = caller.create()["id"]
    answer = caller.get(f"{CASES}/{case}", X_HTTP_Method_Override="DELETE")
    assert answer.json()["status"] == "invited"


@pytest.mark.parametrize(
    "tail",
    [
        "0",
        "-1",
        "1e3",
        "VER_" + "A" * 24,
        "../x",
        "%2e%2e",
        "ver_%00" + "a" * 23,
        "1'%20OR%201=1",
        "9" * 20,
        "ver_a/x",
    ],
)
def test_ids_that_are_none(caller: Caller, tail: str) -> None:
    assert code(caller.get(f"{CASES}/{tail}"), 404) == "not_found"


@pytest.mark.parametrize("path", ["/api/", "/api/v2/verifications", "/api/v1/", "/api/v1/verifications/"])
def test_wrong_addresses_get_json(path: str) -> None:
    assert code(Client().post(path, "{}", content_type="application/json"), 404) == "not_found"


def test_a_fault_of_ours_is_no_page_and_tells_nothing(caller: Caller, monkeypatch: Any) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views, "invite", broken)
    answer = caller.post()
    assert code(answer, 500) == "internal_error"
    assert b"secret" not in answer.content


@pytest.mark.parametrize("body", [{"name": "ECHO", "reference": 1}, {"ECHO": 1}, {**PERSON, "mode": "ECHO"}])
def test_no_refusal_repeats_the_input(caller: Caller, body: dict[str, object]) -> None:
    answer = caller.post(body=body)
    assert answer.status_code >= 400
    assert b"ECHO" not in answer.content

"""Answers that can't be trusted: a person looks, no attempt is lost, and no page is fooled by their text."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import Road
from tests.flow.tries import judge_after_a_death
from tests.flow.vendor_says import Say
from verification.models import AuditEvent, ProviderCall, Verification
from verification.states import Status

LOW = "FailedOperation.CompareLowSimilarity"
MISSED = "FailedOperation.ActionFirstAction"
# A sentence that turns its direction, hides characters, ends the line and is HTML.
TRICKY = "\u202esseccuS\u2066 <b>ok</b>\u200b\r\nlevel=error\x1b[31m\u2028 \u0000=1+1"


def judged(road: Road) -> Verification:
    verification = road.with_photo()
    road.record(verification)
    return verification


def case_page(client: Client, verification: Verification) -> str:
    answer = client.get(reverse("admin:case", args=[verification.public_id]))
    assert answer.status_code == 200
    return str(answer.content.decode())


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "a success below 70": ({"Result": "Success", "Sim": 69.99}, "inconsistent_answer"),
    "low similarity from 70 on": ({"Result": LOW, "Sim": 70}, "inconsistent_answer"),
    "a similarity without a comparison": ({"Result": MISSED, "Sim": 93.5}, "inconsistent_answer"),
    "a word where a similarity belongs": ({"Result": MISSED, "Sim": "93.5"}, "inconsistent_answer"),
    "no similarity": ({"Result": "Success"}, "bad_answer"),
    "a similarity in words": ({"Result": "Success", "Sim": "99"}, "bad_answer"),
    "a result and an error": (
        {"Result": "Success", "Sim": 99, "Error": {"Code": "InternalError", "Message": ""}},
        "bad_answer",
    ),
    "neither": ({"Sim": 99}, "bad_answer"),
    "success as an error": ({"Error": {"Code": "Success", "Message": ""}}, "bad_answer"),
    "no request id": ({"Result": "Success", "Sim": 99, "RequestId": None}, "bad_answer"),
    "a list as description": ({"Result": "Success", "Sim": 99, "Description": ["Success"]}, "bad_answer"),
    "a code of no list": ({"Result": "FailedOperation.SomethingNew", "Sim": 0}, "unknown_code"),
    "a code of no list with a similarity": ({"Result": "News", "Sim": 99}, "unknown_code"),
    "success in other letters": ({"Result": "SUCCESS", "Sim": 99}, "unknown_code"),
    "success with a letter of another script": ({"Result": "\u0405uccess", "Sim": 99}, "bad_answer"),
}


@pytest.mark.parametrize(("fields", "reason"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_an_answer_that_can_not_be_trusted_goes_to_a_person_and_costs_no_attempt(
    road: Road, say: Say, fields: dict[str, Any], reason: str
) -> None:
    say(**fields)
    verification = judged(road)
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, [reason])
    assert verification.attempts_used == 0
    assert not verification.attempts.get().counted


@pytest.mark.parametrize(
    "fields", [{"Result": LOW, "Sim": 70}, {"Result": MISSED, "Sim": 99}, {"Result": "Success", "Sim": 1}]
)
def test_a_contradiction_is_not_forgotten_when_its_worker_dies(
    road: Road, say: Say, monkeypatch: Any, fields: dict[str, Any]
) -> None:
    attempt = road.ready()
    say(**fields)
    judge_after_a_death(attempt, monkeypatch)
    verification = Verification.objects.get()
    assert (verification.reasons, verification.attempts_used) == (["inconsistent_answer"], 0)


def test_a_description_can_not_play_another_sentence_on_a_page_or_in_the_trail(
    road: Road, say: Say, signed_in: Any, caplog: Any
) -> None:
    say(Result=LOW, Sim=9.21, Description=TRICKY)
    verification = judged(road)
    call = ProviderCall.objects.get()
    assert call.description == "sseccuS  <b>ok</b>   level=error [31m   =1+1"
    page = case_page(signed_in(), verification)
    assert "sseccuS  &lt;b&gt;ok&lt;/b&gt;   level=error [31m" in page
    trail = json.dumps(list(AuditEvent.objects.values_list("data", flat=True)), ensure_ascii=False)
    for text in (page, trail, caplog.text):
        assert not any(sign in text for sign in "\u202e\u2066\u200b\u2028\x1b\x00")


@pytest.mark.parametrize("field", ["Result", "RequestId", "Code"])
def test_no_other_text_of_the_vendor_is_kept_if_it_is_no_plain_word(
    road: Road, say: Say, signed_in: Any, field: str
) -> None:
    fields: dict[str, Any] = {"Result": "Success", "Sim": 99, field: TRICKY}
    if field == "Code":
        fields = {"Error": {"Code": TRICKY, "Message": TRICKY}}
    say(**fields)
    verification = judged(road)
    assert (verification.reasons, verification.attempts_used) == (["bad_answer"], 0)
    call = ProviderCall.objects.get()
    assert "sseccuS" not in call.code + call.request_id + call.description
    page = case_page(signed_in(), verification)
    assert "sseccuS" not in page


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_a_description_is_kept_to_its_length(road: Road, say: Say, length: int) -> None:
    say(Result=LOW, Sim=9.21, Description="d" * length)
    judged(road)
    assert len(ProviderCall.objects.get().description) == 300

"""Two systems that know nothing of each other, limits by client and by address, and keys sent in clear."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from tests.flow.test_api import CASES, PERSON, Caller, caller, code
from verification import audit
from verification.actions.invite import DuplicateReference, invite
from verification.api import limits
from verification.models import ApiKey, Applicant, AuditEvent, Verification
from verification.states import Status

__all__ = ["caller"]
NOW = datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC)
BAD = "Bearer kyc_live_" + "a" * 43


@pytest.fixture(autouse=True)
def _one_minute(db: None) -> Iterator[None]:
    """A minute that does not end within a test."""
    with time_machine.travel(NOW, tick=False):
        yield


# References


def test_two_systems_use_one_reference_and_learn_nothing(caller: Caller) -> None:
    other = Caller("Another")
    first, second = caller.create(name="Alice Example"), other.create(name="Bob Example")
    assert first["applicant"]["id"] != second["applicant"]["id"]
    assert [person.name for person in Applicant.objects.order_by("pk")] == ["Alice Example", "Bob Example"]
    assert code(caller.post(), 409) == "duplicate_reference", "each is its own system's still"


def test_staff_have_references_of_their_own(caller: Caller) -> None:
    by, now = audit.By.shell(), NOW
    invite(reference=PERSON["reference"], name="Carol Example", by=by, now=now)
    assert caller.create()["status"] == "invited"
    with pytest.raises(DuplicateReference):
        invite(reference=PERSON["reference"], name="Dora Example", by=by, now=now)
    assert sorted(person.name for person in Applicant.objects.all()) == ["Carol Example", PERSON["name"]]


def test_a_system_changes_the_name_of_its_own_person_alone(caller: Caller) -> None:
    other = Caller("Another")
    caller.create(name="Alice Example")
    other.create(name="Bob Example")
    Verification.objects.update(status=Status.CANCELLED)
    other.create(name="Robert Example")
    assert sorted(person.name for person in Applicant.objects.all()) == ["Alice Example", "Robert Example"]


@pytest.mark.parametrize("owned", [True, False])
def test_the_database_keeps_a_reference_once_per_system(caller: Caller, owned: bool) -> None:
    row = {
        "client": caller.record.client if owned else None,
        "reference": "R",
        "name": "x",
        "created_at": NOW,
    }
    Applicant.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Applicant.objects.create(**row)


@pytest.mark.parametrize("reason", [None, {"reason": "no_longer_needed"}])
def test_anothers_case_is_answered_like_none_at_all(caller: Caller, reason: Any) -> None:
    """The answers are equal but for their request ids, and so are the queries that make them."""
    theirs, none, end = Caller("Another").create()["id"], f"ver_{'a' * 24}", "/cancel" if reason else ""

    def ask(case: str) -> tuple[Any, list[str]]:
        with CaptureQueriesContext(connection) as queries:
            path = f"{CASES}/{case}{end}"
            answer = caller.post(path, reason) if reason else caller.get(path)
        body = answer.json()
        del body["error"]["request_id"]
        headers = {name: value for name, value in answer.items() if name != "X-Request-Id"}
        asked = [one["sql"].replace(case, "…") for one in queries if "portal_cache" not in one["sql"]]
        return (answer.status_code, body, headers), [sql for sql in asked if "SAVEPOINT" not in sql]

    ask(none)  # the first call notes the use of the key
    assert ask(theirs) == ask(none)


def test_staff_tell_the_two_apart(caller: Caller, signed_in: Any) -> None:
    caller.create()
    Caller("Another").create()
    client = signed_in("Auditor")
    found = client.post("/admin/search", {"q": PERSON["reference"]}, follow=True).content.decode()
    for page in (
        found,
        client.get("/admin/verification/applicant/").content.decode(),
        client.get("/admin/verification/verification/").content.decode(),
    ):
        assert "Onboarding" in page
        assert "Another" in page
    case = Verification.objects.first()
    assert case is not None
    assert "for Onboarding" in client.get(f"/admin/case/{case.public_id}/").content.decode()


def test_an_erasure_names_one_of_two(caller: Caller) -> None:
    caller.create()
    Caller("Another").create()
    Verification.objects.update(status=Status.CANCELLED)
    first, second = Applicant.objects.order_by("pk")
    with pytest.raises(
        CommandError, match=rf"{first.public_id} \(Onboarding\), {second.public_id} \(Another\)"
    ):
        call_command("erase_applicant", PERSON["reference"], "--reason", "asked for")
    call_command("erase_applicant", second.public_id, "--reason", "asked for")
    erased = Applicant.objects.filter(erased_at__isnull=False)
    assert list(erased) == [second]


# Limits


def bad(address: str = "203.0.113.7") -> Any:
    return Client(REMOTE_ADDR=address).get(f"{CASES}/ver_{'a' * 24}", headers={"Authorization": BAD})


def test_bad_keys_from_one_address_are_counted(caller: Caller) -> None:
    for _ in range(limits.MAX_BAD_KEYS):
        assert code(bad(), 401) == "unauthenticated"
    refused = bad()
    assert code(refused, 429) == "too_many_bad_keys"
    assert refused["Retry-After"] == "50"


def test_a_good_key_passes_beside_bad_ones_from_the_same_address(caller: Caller) -> None:
    for _ in range(limits.MAX_BAD_KEYS + 1):
        bad("127.0.0.1")
    assert caller.create()["status"] == "invited"


def test_another_address_has_bad_keys_of_its_own(caller: Caller) -> None:
    for _ in range(limits.MAX_BAD_KEYS + 1):
        bad("2001:db8:0:1::1")
    assert bad("2001:db8:0:1::2").status_code == 429, "one network of IPv6 is one client"
    assert bad("2001:db8:0:2::1").status_code == 401


def test_bad_keys_are_taken_again_in_the_next_minute(caller: Caller) -> None:
    for _ in range(limits.MAX_BAD_KEYS + 1):
        bad()
    with time_machine.travel(NOW + timedelta(seconds=50), tick=False):
        assert bad().status_code == 401


def test_strangers_fill_a_limited_number_of_entries(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUCKETS", 8)
    for number in range(60):
        bad(f"203.0.113.{number}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM portal_cache")
        assert cursor.fetchone()[0] <= 8


def test_each_client_has_a_number_of_calls_a_minute(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CALLS", 3)
    other = Caller("Another")
    for _ in range(3):
        caller.get(f"{CASES}/ver_{'a' * 24}")
    refused = caller.post()
    assert code(refused, 429) == "too_many_calls"
    assert refused["Retry-After"] == "50"
    assert other.create()["status"] == "invited"
    assert Applicant.objects.count() == 1
    with time_machine.travel(NOW + timedelta(seconds=50), tick=False):
        assert caller.create()["status"] == "invited"


# Keys sent in clear


@pytest.fixture
def strict(settings: Any) -> Any:
    settings.SECURE_SSL_REDIRECT = True
    return settings


@pytest.mark.parametrize("method", ["get", "post", "head", "options", "trace"])
def test_a_call_in_clear_is_refused_and_not_redirected(caller: Caller, strict: Any, method: str) -> None:
    for path in (CASES, f"{CASES}/ver_{'a' * 24}", "/api/", "/api/v2/x", "/api/v1/openapi.json"):
        answer = getattr(caller.http, method)(path, headers={"Authorization": f"Bearer {caller.key}"})
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/json"
        assert method == "head" or answer.json()["error"]["code"] == "https_required"
        assert "Location" not in answer
    assert not Applicant.objects.exists()


def test_a_key_sent_in_clear_is_told_by_its_first_characters(caller: Caller, strict: Any) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            caller.post()
    prefix, client = caller.record.prefix, caller.record.client.public_id
    told = {"event": "api.key_in_clear", "log_level": "error", "prefix": prefix, "client": client}
    assert logs == [told] * 3
    event = AuditEvent.objects.get(kind="api_key.exposed")
    assert (event.subject_id, event.actor_kind, event.data) == (client, "system", {"prefix": prefix})
    assert ApiKey.objects.get().last_used_at is None


def test_the_trail_tells_it_again_the_next_day(caller: Caller, strict: Any) -> None:
    caller.post()
    with time_machine.travel(NOW + timedelta(days=1, seconds=1), tick=False):
        caller.post()
    assert AuditEvent.objects.filter(kind="api_key.exposed").count() == 2


def test_a_strangers_key_in_clear_leaves_no_trace(caller: Caller, strict: Any) -> None:
    with capture_logs() as logs:
        answer = bad()
    assert code(answer, 403) == "https_required"
    assert logs == []
    assert not AuditEvent.objects.filter(kind="api_key.exposed").exists()


def test_a_call_by_https_goes_through(caller: Caller, strict: Any) -> None:
    answer = caller.http.post(
        CASES,
        PERSON,
        content_type="application/json",
        secure=True,
        headers={"Authorization": f"Bearer {caller.key}"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/api/docs/", "/verify/", "/admin/login/"])
def test_pages_for_people_are_redirected(client: Client, db: None, strict: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")

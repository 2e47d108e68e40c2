"""The API's calls, and every response that the schema documents for them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from verification import audit, links, workflow
from verification.actions.api_client import UnknownScope, create_client
from verification.api import authentication, limits, schema, views
from verification.api.errors import CODES
from verification.models import ApiKey, AuditEvent, Verification

CASES = "/api/v1/verifications"
PERSON = {"reference": "customer-4711", "name": "Nguyễn Văn Á"}


class Caller:
    """A client of the API with its key."""

    def __init__(self, name: str = "Onboarding", **options: Any) -> None:
        made = create_client(name=name, by=audit.By.shell(), now=timezone.now(), **options)
        self.record, self.key, self.http = made.record, made.key, Client(raise_request_exception=False)

    def post(self, path: str = CASES, body: object = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes | str) else json.dumps(PERSON if body is None else body)
        kind = headers.pop("content_type", "application/json")
        return self.http.post(path, data, content_type=kind, headers=self._headers(headers))

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers=self._headers(headers))

    def create(self, **fields: str) -> dict[str, Any]:
        answer = self.post(body={**PERSON, **fields})
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}


@pytest.fixture
def caller(db: None) -> Caller:
    return Caller()


def code(answer: Any, status: int) -> str:
    """The code of a refusal, after a check of its form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert list(error) == ["code", "message", "field", "request_id"]
    assert error["request_id"] == answer["X-Request-Id"]
    return str(error["code"])


def test_creating_tells_the_link_once(caller: Caller) -> None:
    answer = caller.create(mode="SILENT")
    assert sorted(answer) == [
        "applicant", "created_at", "id", "link", "link_expires_at", "mode", "reference", "status",
    ]  # fmt: skip
    assert (answer["status"], answer["mode"], answer["reference"]) == ("invited", "SILENT", "customer-4711")
    case = links.find(answer["link"].rpartition("/")[2], now=timezone.now())
    assert case is not None
    assert case.public_id == answer["id"]
    assert "link" not in caller.get(f"{CASES}/{answer['id']}").json()


def test_creating_keeps_what_was_sent(caller: Caller) -> None:
    answer = caller.create(name="Ame\u0301lie", email="a@example.org", locale="en-GB")
    case = Verification.objects.get(public_id=answer["id"])
    assert (case.applicant.name, case.applicant.email, case.applicant.locale) == (
        "Amélie",
        "a@example.org",
        "en",
    )
    assert (case.client, case.mode) == (caller.record.client, "ACTION")
    event = AuditEvent.objects.get(kind="verification.invited")
    assert (event.actor_kind, event.actor_id) == ("client", caller.record.client.public_id)


def test_no_address_is_needed(caller: Caller) -> None:
    assert Verification.objects.get(public_id=caller.create(email="")["id"]).applicant.email == ""


@pytest.mark.parametrize("locale", ["../../x", "xx-YY", "e" * 300, "", "EN"])
def test_an_unknown_language_becomes_the_default(caller: Caller, locale: str) -> None:
    case = Verification.objects.get(public_id=caller.create(locale=locale)["id"])
    assert case.applicant.locale == "en"


def test_reading_shows_every_attempt(caller: Caller, road: Any, emulator: Any) -> None:
    case = road.in_review(emulator)
    Verification.objects.filter(pk=case.pk).update(client=caller.record.client)
    answer = caller.get(f"{CASES}/{case.public_id}").json()
    first, *_ = answer["attempts"]
    assert list(first) == [
        "number", "status", "mode", "outcome", "similarity", "result_code", "submitted_at", "finished_at",
    ]  # fmt: skip
    assert (first["number"], first["outcome"], first["similarity"]) == (1, "low_similarity", "42.00")
    assert answer["status"] == case.status
    assert answer["reasons"] == case.reasons


def test_reading_a_case_that_is_not_decided(caller: Caller) -> None:
    answer = caller.get(f"{CASES}/{caller.create()['id']}").json()
    assert (answer["outcome"], answer["reasons"], answer["decided_at"], answer["attempts"]) == (
        None,
        [],
        None,
        [],
    )


def test_reading_tells_since_when_a_link_is_contested(caller: Caller) -> None:
    address = f"{CASES}/{caller.create()['id']}"
    assert caller.get(address).json()["link_contested_at"] is None
    Verification.objects.update(link_contested_at=datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert caller.get(address).json()["link_contested_at"] == "2026-11-23T09:00:00Z"


def test_cancelling_ends_the_case(caller: Caller) -> None:
    path = f"{CASES}/{caller.create()['id']}/cancel"
    assert caller.post(path, {"reason": "applicant_withdrew"}).json()["status"] == "cancelled"
    assert code(caller.post(path, {"reason": "applicant_withdrew"}), 409) == "invalid_state"
    assert caller.create()["status"] == "invited", "the reference is free again"


def test_cancelling_what_changes_at_the_same_moment(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def raced(*_: Any, **__: Any) -> None:
        raise workflow.StaleVerification

    path = f"{CASES}/{caller.create()['id']}/cancel"
    monkeypatch.setattr(views, "cancel", raced)
    assert code(caller.post(path, {"reason": "no_longer_needed"}), 409) == "conflict"


def test_a_client_sees_its_own_cases_only(caller: Caller) -> None:
    path = f"{CASES}/{caller.create()['id']}"
    other = Caller("Another")
    assert code(other.get(path), 404) == "not_found"
    assert code(other.post(f"{path}/cancel", {"reason": "no_longer_needed"}), 404) == "not_found"


BAD_KEYS: dict[str, Callable[[ApiKey], Any]] = {
    "revoked": lambda key: ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now()),
    "expired": lambda key: ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now()),
    "disabled client": lambda key: type(key.client).objects.update(disabled_at=timezone.now()),
    "other key": lambda key: ApiKey.objects.filter(pk=key.pk).update(key_sha256="0" * 64),
}


@pytest.mark.parametrize("spoil", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_every_unfit_key_gets_the_same_answer(caller: Caller, spoil: Callable[[ApiKey], Any]) -> None:
    expected = Client().get(f"{CASES}/ver_{'a' * 24}")
    spoil(caller.record)
    answer = caller.post()
    assert code(answer, 401) == code(expected, 401) == "unauthenticated"
    assert answer.json()["error"]["message"] == expected.json()["error"]["message"]
    assert answer["WWW-Authenticate"] == expected["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["", "Basic a2V5", "Bearer", "Bearer x", "kyc_live_", "Bearer kyc_test_" + "a" * 43, "Bearer é"]
)
def test_headers_that_hold_no_key(caller: Caller, header: str) -> None:
    assert code(caller.post(Authorization=header), 401) == "unauthenticated"


def test_two_keys_in_one_header(caller: Caller) -> None:
    assert (
        code(caller.post(Authorization=f"Bearer {caller.key},Bearer {caller.key}"), 400)
        == "invalid_authorization"
    )


def test_the_use_of_a_key_is_noted_once_a_minute(caller: Caller) -> None:
    caller.create()
    first = ApiKey.objects.get().last_used_at
    caller.get(f"{CASES}/ver_{'a' * 24}")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - authentication.USE_NOTED_EVERY - timedelta(seconds=1))
    caller.get(f"{CASES}/ver_{'a' * 24}")
    assert ApiKey.objects.get().last_used_at >= first


@pytest.mark.parametrize("scopes", [[], ["verifications:delete"]])
def test_a_key_has_scopes_that_calls_ask_for(db: None, scopes: list[str]) -> None:
    with pytest.raises(UnknownScope):
        Caller(scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_key_needs_the_scope_of_the_call(caller: Caller) -> None:
    reader = Caller("Reader", scopes=["verifications:read"])
    writer = Caller("Writer", scopes=["verifications:write"])
    assert code(reader.post(), 403) == "insufficient_scope"
    assert code(writer.get(f"{CASES}/{writer.create()['id']}"), 403) == "insufficient_scope"


def answers(caller: Caller) -> dict[str, dict[int, Callable[[], Any]]]:
    """One call for each response that the schema documents."""
    case = f"{CASES}/{caller.create(reference='known')['id']}"
    reason = {"reason": "no_longer_needed"}
    deaf, mute = Caller("Deaf", scopes=["verifications:write"]), Caller("Mute", scopes=["verifications:read"])
    refused = lambda path, body: {  # noqa: E731
        400: lambda: caller.post(path, "{"),
        401: lambda: caller.post(path, body, Authorization=""),
        403: lambda: mute.post(path, body),
        406: lambda: caller.post(path, body, Accept="application/xml"),
        413: lambda: caller.post(path, "x" * 3_000_000),
        415: lambda: caller.post(path, body, content_type="text/plain"),
    }
    cancel = f"{case}/cancel"

    def too_often(ask: Callable[[], Any]) -> Callable[[], Any]:
        def limited() -> Any:
            with mock.patch.object(limits, "MAX_CALLS", 0):
                return ask()

        return limited

    return {
        "create_verification": {
            **refused(CASES, PERSON),
            201: caller.post,
            409: caller.post,
            422: lambda: caller.post(CASES, {**PERSON, "name": " "}),
            429: too_often(caller.post),
        },
        "read_verification": {
            200: lambda: caller.get(case),
            401: lambda: caller.get(case, Authorization=""),
            403: lambda: deaf.get(case),
            404: lambda: caller.get(f"{CASES}/ver_{'a' * 24}"),
            406: lambda: caller.get(case, Accept="application/xml"),
            429: too_often(lambda: caller.get(case)),
        },
        "cancel_verification": {
            **refused(cancel, reason),
            404: lambda: caller.post(f"{CASES}/ver_{'a' * 24}/cancel", reason),
            422: lambda: caller.post(cancel, {"reason": "because"}),
            429: too_often(lambda: caller.post(cancel, reason)),
            200: lambda: caller.post(cancel, reason),
            409: lambda: caller.post(cancel, reason),
        },
    }


def test_every_documented_answer_is_given(caller: Caller) -> None:
    documented = {
        call["operationId"]: {int(status) for status in call["responses"]}
        for methods in schema.document()["paths"].values()
        for call in methods.values()
    }
    given = {
        name: {status for status, ask in asked.items() if ask().status_code == status}
        for name, asked in answers(caller).items()
    }
    assert given == documented


def test_the_schema_is_valid_and_served(caller: Caller, capsys: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    served = Client().get("/api/v1/openapi.json").json()
    assert served == json.loads(capsys.readouterr().out)
    assert served["openapi"].startswith("3.1.")


def test_the_schema_is_the_published_one() -> None:
    """A client's code is generated from docs/openapi.json: so a review sees every change."""
    published = json.loads(Path(settings.BASE_DIR, "docs/openapi.json").read_text(encoding="utf-8"))
    assert Client().get("/api/v1/openapi.json").json() == published


def test_the_page_has_every_field_of_the_schema(client: Client) -> None:
    page = client.get("/api/docs/").context
    document = schema.document()
    shown = {call["id"]: call for call in page["operations"]}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            found = shown.pop(call["operationId"])
            assert (found["path"], found["method"]) == (path, method.upper())
            assert prose(found["description"]) == call["description"].replace("`", "")
            assert {answer["status"] for answer in found["responses"]} == set(call["responses"])
            assert {one["name"] for one in found["parameters"]} == {
                one["name"] for one in call.get("parameters", ())
            }
            assert {one["name"]: one for one in found["body"]}.keys() == names(
                document, call.get("requestBody", {})
            )
            for answer in found["responses"]:
                described = call["responses"][answer["status"]]
                assert answer["good"] == (answer["status"] in ("200", "201"))
                assert prose(answer["description"]) == described["description"].replace("`", "")
                assert {one["name"] for one in answer["fields"]} == (
                    names(document, described) if answer["good"] else set()
                )
    assert shown == {}


def test_the_page_describes_fields_as_the_schema_does(client: Client) -> None:
    (create,) = [
        one for one in client.get("/api/docs/").context["operations"] if one["id"] == "create_verification"
    ]
    fields = {one["name"]: one for one in create["body"]}
    described = schema.document()["components"]["schemas"]["NewVerification"]
    for name, of in described["properties"].items():
        assert fields[name]["required"] == (name in described["required"])
        assert prose(fields[name]["description"]) == of.get("description", "").replace("`", "")
    assert fields["mode"]["choices"] == ["ACTION", "SILENT"]
    assert fields["reference"]["type"] == "string"
    (created,) = [one for one in create["responses"] if one["status"] == "201"]
    assert {one["name"]: one["format"] for one in created["fields"]}["link_expires_at"] == "date-time"
    assert json.loads(create["example"])["reference"] == "customer-4711"


def test_the_page_lists_the_codes_by_status(client: Client) -> None:
    codes = client.get("/api/docs/").context["codes"]
    assert {code["name"] for code in codes} == set(CODES)
    assert [code["status"] for code in codes] == sorted(code["status"] for code in codes)


def prose(pieces: list[tuple[str, bool]]) -> str:
    return "".join(piece for piece, _ in pieces)


def names(document: dict[str, Any], holder: dict[str, Any]) -> set[str]:
    """The dotted names of every field of a body; [] follows the name of a list."""

    def walk(of: dict[str, Any], prefix: str) -> Iterator[str]:
        of = of["allOf"][0] if "allOf" in of else of
        if "$ref" in of:
            of = document["components"]["schemas"][of["$ref"].rpartition("/")[2]]
        for name, described in of.get("properties", {}).items():
            yield prefix + name
            mark = "[]." if "items" in described else "."
            yield from walk(described.get("items", described), f"{prefix}{name}{mark}")

    body = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return set(walk(body, ""))


def test_the_page_shows_every_call_and_runs_nothing(client: Client) -> None:
    answer = client.get("/api/docs/")
    page = answer.content.decode()
    assert all(
        call in page for call in ("Create a verification", "Read a verification", "Cancel a verification")
    )
    assert f"<code>{settings.PUBLIC_URL}/api/v1</code>" in page
    assert "<script" not in page
    assert "style=" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]

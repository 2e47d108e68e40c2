"""The management commands: what they print, and what they refuse."""

import hashlib
import zipfile
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests import objects
from tests.flow.test_export import store_away
from verification import audit, links
from verification.actions import cancel
from verification.actions.api_client import issue_key
from verification.models import ApiClient, ApiKey, Applicant, AuditEvent, DataKey, Export, Verification

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> list[str]:
    """The lines that the command prints; fails if it writes to standard error."""
    out, err = StringIO(), StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    assert err.getvalue() == ""
    return out.getvalue().splitlines()


def invite(*arguments: str, reference: str = "customer-4711", name: str = "Nguyễn Văn Á") -> list[str]:
    return run("invite", "--reference", reference, "--name", name, *arguments)


def test_invite_prints_the_link_last() -> None:
    *before, link = invite()
    case = links.find(link.rpartition("/v/")[2], now=timezone.now())
    assert case == Verification.objects.get()
    assert link.startswith("http://testserver/v/")
    assert not any(link[-43:] in line for line in before)


def test_invite_keeps_what_it_was_given() -> None:
    invite("--email", "a@example.org", "--locale", "en", "--mode", "SILENT", name=" Ame\u0301lie ")
    person = Applicant.objects.get()
    assert (person.name, person.email, person.reference) == ("Amélie", "a@example.org", "customer-4711")
    assert Verification.objects.get().mode == "SILENT"
    assert AuditEvent.objects.get().actor_kind == "shell"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": " "}, "A name is needed"),
        ({"name": "a\u202eb"}, "not allowed"),
        ({"name": "a" * 201}, "200 characters"),
        ({"reference": ""}, "A reference is needed"),
    ],
)
def test_invite_refuses_what_it_cannot_use(arguments: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        invite(**arguments)
    assert not Applicant.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [("--email", "nobody"), ("--email", f"{'a' * 60}@{'b.' * 100}example.org"), ("--mode", "action")],
)
def test_invite_refuses_bad_options(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=r"e-mail|invalid choice"):
        invite(*arguments)


@pytest.mark.parametrize("locale", ["en-GB", "tlh", "a locale that no column could hold"])
def test_invite_takes_the_nearest_language(locale: str) -> None:
    invite("--locale", locale)
    assert Applicant.objects.get().locale == "en"


def test_invite_refuses_a_reference_under_way() -> None:
    invite()
    with pytest.raises(CommandError, match="under way"):
        invite()


def test_create_api_client_prints_a_key_that_works() -> None:
    key = run("create_api_client", "--name", "Onboarding")[-1]
    record = ApiKey.objects.get()
    assert record.key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert (record.scopes, record.expires_at) == (["verifications:write", "verifications:read"], None)
    answer = Client().get(f"/api/v1/verifications/ver_{'a' * 24}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 404, "authenticated, but there is no such case"


def test_create_api_client_leaves_a_trail_without_the_key() -> None:
    key = run("create_api_client", "--name", "Onboarding", "--days", "30")[-1]
    events = AuditEvent.objects.all()
    assert [event.kind for event in events] == ["api_client.created", "api_key.issued"]
    assert not any(key in str(event.data) for event in events)
    assert ApiKey.objects.get().expires_at > timezone.now() + timedelta(days=29)


@pytest.mark.parametrize(
    "options",
    [
        ("--name", " "),
        ("--name", "a" * 101),
        ("--name", "a", "--days", "0"),
        ("--name", "a", "--scopes", "x"),
    ],
)
def test_create_api_client_refuses_bad_options(options: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run("create_api_client", *options)
    assert not ApiKey.objects.exists()


def test_create_api_client_refuses_a_name_that_is_taken() -> None:
    run("create_api_client", "--name", "Onboarding", "--scopes", "verifications:read")
    with pytest.raises(CommandError, match="already"):
        run("create_api_client", "--name", "Onboarding")


def test_a_revoked_key_opens_nothing_and_its_siblings_still_do() -> None:
    leaked = run("create_api_client", "--name", "Onboarding")[-1]
    client, now = ApiClient.objects.get(), timezone.now()
    other = issue_key(client, scopes=["verifications:read"], days=None, by=audit.By.shell(), now=now).key
    (line,) = run("revoke_api_key", "--prefix", leaked[:16])
    assert line == f"{leaked[:16]}… of client Onboarding is revoked."
    address = f"/api/v1/verifications/ver_{'a' * 24}"
    answers = [Client().get(address, headers={"Authorization": f"Bearer {key}"}) for key in (leaked, other)]
    assert [answer.status_code for answer in answers] == [401, 404]
    event = AuditEvent.objects.get(kind="api_key.revoked")
    assert (event.subject_id, event.actor_kind) == (client.public_id, "shell")
    assert event.data == {"prefix": leaked[:16]}


def test_a_key_is_revoked_once() -> None:
    prefix = run("create_api_client", "--name", "Onboarding")[-1][:16]
    run("revoke_api_key", "--prefix", prefix)
    revoked_at = ApiKey.objects.get().revoked_at
    for unknown in (prefix, prefix[:-1], ""):
        with pytest.raises(CommandError, match="No key begins like this"):
            run("revoke_api_key", "--prefix", unknown)
    assert ApiKey.objects.get().revoked_at == revoked_at
    assert AuditEvent.objects.filter(kind="api_key.revoked").count() == 1


def export(path: Path, *arguments: str, reason: str = "Annual audit") -> list[str]:
    return run("export_audit", "--output", str(path), "--purpose", "audit", "--reason", reason, *arguments)


def test_export_audit_writes_the_zip_it_names(tmp_path: Path) -> None:
    invite()
    path = tmp_path / "audit.zip"
    printed, rows, sha256 = export(path)
    assert printed == str(path)
    assert rows == "5 rows"
    assert sha256 == f"SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert zipfile.ZipFile(path).testzip() is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_export_audit_takes_the_last_days_or_those_named(tmp_path: Path) -> None:
    export(tmp_path / "a.zip")
    export(tmp_path / "b.zip", "--from", "2026-10-01", "--to", "2026-10-31")
    usual, named = Export.objects.order_by("pk")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert usual.period_end.date() == tomorrow
    assert usual.period_end - usual.period_start == timedelta(days=30)
    assert named.period_start == datetime(2026, 10, 1, tzinfo=UTC)
    assert named.period_end == datetime(2026, 11, 1, tzinfo=UTC)
    assert named.by == "shell"


@pytest.mark.parametrize(
    ("arguments", "reason", "sentence"),
    [
        (("--from", "2026-11-02", "--to", "2026-11-01"), "x", "must not be before"),
        (("--from", "2026-02-30"), "x", "invalid day"),
        ((), " ", "needs a reason"),
        ((), "x" * 301, "300 characters"),
    ],
)
def test_export_audit_refuses(tmp_path: Path, arguments: Any, reason: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        export(tmp_path / "a.zip", *arguments, reason=reason)
    assert not Export.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_export_audit_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "audit.zip"
    path.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        export(path)
    with pytest.raises(CommandError, match="no folder"):
        export(tmp_path / "none" / "audit.zip")
    assert path.read_text() == "mine"


def test_a_sweep_says_what_it_found(road, capsys):
    road.submit(road.with_photo())
    call_command("sweep")
    assert capsys.readouterr().out == "rang for 1 attempts, deleted 0 exports and 0 files of invitations\n"


def cancelled_case(road):
    case = road.submit(road.with_photo(reference="customer-4711")).verification
    case.refresh_from_db()
    cancel.cancel(case, reason="test", by=audit.By.shell(), now=timezone.now())
    return case


def test_erase_applicant_says_what_it_did(road):
    case = cancelled_case(road)
    first, second = run("erase_applicant", "customer-4711", "--reason", "Asked for under Article 17")
    assert first == f"Nobody can read the evidence of {case.applicant.public_id} any more."
    assert second == "3 objects were deleted."
    event = AuditEvent.objects.get(kind="applicant.erased")
    assert (event.actor_kind, event.subject_id) == ("shell", case.applicant.public_id)
    assert event.data["reason"] == "Asked for under Article 17"


def test_erase_applicant_leaves_to_the_sweep_what_the_store_keeps(road):
    case = cancelled_case(road)
    with store_away():
        *_, last = run("erase_applicant", "customer-4711", "--reason", "x")
    assert last == "The store can't delete the objects right now; the sweep will."
    folder = objects.folder() / DataKey.objects.get(applicant=case.applicant).public_id
    assert len(list(folder.iterdir())) == 3
    run("sweep")
    assert list(folder.iterdir()) == []


def test_erase_applicant_refuses(road):
    road.with_photo(reference="customer-4711")
    for reference, reason, sentence in [
        ("customer-0815", "x", "no applicant"),
        ("customer-4711", " ", "reason is needed"),
        ("customer-4711", "x", "has not ended"),
    ]:
        with pytest.raises(CommandError, match=sentence):
            run("erase_applicant", reference, "--reason", reason)
    assert not AuditEvent.objects.filter(kind="applicant.erased").exists()

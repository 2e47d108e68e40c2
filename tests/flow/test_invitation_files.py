"""The people of a file are invited all at once or not at all, after somebody has seen what was read."""

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.flow.conftest import LATER, again, text_of
from verification import audit, storage
from verification.actions import api_client, erase, invite, invite_many
from verification.actions.cancel import cancel
from verification.invitations import csv_file, people
from verification.invitations.csv_file import MAX_FILE
from verification.models import Applicant, AuditEvent, DataKey, InvitationFile, Verification
from verification.review.front_office.upload import MAX_FORM

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]

NEW, LIST = "/admin/invitation-files/new", "/admin/invitation-files/"
HEAD = "reference,name,email\n"
GOOD = f"{HEAD}CUST-1,Mara Lindqvist,mara@example.org\nCUST-2,Tomás Herrera,\n"
MIXED = f"{GOOD}CUST-3,,\nCUST-1,Again,\nCUST-4,Ines,nobody\n"


@pytest.fixture
def fay(desk_of):
    return desk_of("Front office", "fay")


def send(desk, text, **fields):
    data = text if isinstance(text, bytes) else text.encode()
    return desk.post(NEW, {"file": SimpleUploadedFile("people.csv", data), **fields})


def read(desk, text, **fields):
    """Send a file that can be read; returns its row."""
    answer = send(desk, text, **fields)
    assert answer.status_code == 302, text_of(answer)
    return InvitationFile.objects.latest("pk")


def act(desk, file, name, **fields):
    return desk.post(f"{LIST}{file.public_id}/{name}", fields)


def confirm(desk, file, **fields):
    return act(desk, file, "confirm", **{"sha256": file.file_sha256, **fields})


def page(desk, file):
    return text_of(desk.get(f"{LIST}{file.public_id}/"))


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def invited():
    return sorted(Verification.objects.values_list("applicant__reference", flat=True))


# The dry run


def test_reading_a_file_invites_nobody_and_says_what_does_not_fit(fay):
    file = read(fay, MIXED)
    assert (file.lines, file.fit) == (5, 2)
    shown = page(fay, file)
    for sentence in ("A name is needed.", "The same reference is in line 2.", "not an e-mail address"):
        assert sentence in shown
    assert "Invite 2 people, leave out 3 lines" in shown
    assert not Applicant.objects.exists()
    assert AuditEvent.objects.get(kind="invitation_file.read").data["fit"] == 2


def test_the_lines_that_do_not_fit_come_as_a_file_that_is_mended_and_sent_as_it_is(fay):
    file = read(fay, MIXED)
    confirm(fay, file)
    problems = fay.get(f"{LIST}{file.public_id}/problems")
    rows = rows_of(problems)
    assert [(row["line"], row["reference"]) for row in rows] == [
        ("4", "CUST-3"),
        ("5", "CUST-1"),
        ("6", "CUST-4"),
    ]
    assert rows[1]["problem"] == "reference: The same reference is in line 2."
    mended = problems.content.replace(b'"CUST-3",""', b'"CUST-3","Jo"').replace(b"nobody", b"i@example.org")
    second = read(fay, mended.replace(b'"CUST-1"', b'"CUST-5"'))
    assert (second.lines, second.fit) == (3, 3)
    confirm(fay, second)
    assert invited() == ["CUST-1", "CUST-2", "CUST-3", "CUST-4", "CUST-5"]


def test_no_cell_of_the_problems_is_run_by_a_spreadsheet_or_turns_its_text(fay):
    file = read(fay, f"{HEAD}CUST-1,=cmd|'/c calc'!A1,=1+1\n+2,M\u202eara\x00,\n")
    rows = rows_of(fay.get(f"{LIST}{file.public_id}/problems"))
    assert rows[0]["email"] == "'=1+1"
    assert rows[0]["name"].startswith("'=cmd")
    assert rows[1]["name"] == "M\ufffdara\ufffd"
    assert rows[1]["reference"] == "'+2"


def test_what_the_problems_quote_for_a_spreadsheet_is_read_as_it_was(fay):
    file = read(fay, f'{HEAD}+49170,Mara,nobody\n\'=1,"A,-B",nobody\n')
    problems = fay.get(f"{LIST}{file.public_id}/problems").content
    confirm(fay, read(fay, problems.replace(b"nobody", b"i@example.org")))
    assert invited() == ["'=1", "+49170"]
    assert sorted(Applicant.objects.values_list("name", flat=True)) == ["A,-B", "Mara"]


def test_only_some_faults_are_shown_and_the_page_says_so(fay, monkeypatch):
    monkeypatch.setattr("verification.review.front_office.files.MAX_FAULTS", 2)
    file = read(fay, HEAD + "".join(f"C{number},,\n" for number in range(5)))
    shown = page(fay, file)
    assert shown.count("A name is needed.") == 2
    assert "3 more are not shown here." in shown
    assert len(rows_of(fay.get(f"{LIST}{file.public_id}/problems"))) == 5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The submitted file is empty."),
        ("name\nMara\n", "The first line must name the columns"),
        ('reference,name\nC1,"Mara\n', "From line 2 on the file can&#x27;t be read"),
        ("reference,name\nC1,Mara\n".encode("utf-16"), "CSV UTF-8"),
        ("reference,name\nC1,Ünal\n".encode("latin-1"), "Line 2 is not in UTF-8"),
        (b"PK\x03\x04", "This is a workbook"),
        ("reference,name,<b>\nC1,M,\n", "“&lt;b&gt;” is not known"),
        ("reference,name\n" + "C1,M\n" * 10_001, "more than 10,000 lines"),
        (b"x" * (MAX_FILE + 1), "The file is too large"),
    ],
)
def test_a_file_of_no_use_is_refused_in_a_sentence_and_not_kept(fay, text, sentence):
    answer = send(fay, text)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not InvitationFile.objects.exists()
    assert not DataKey.objects.exists()


def test_a_body_that_is_too_large_is_not_parsed(fay):
    answer = send(fay, b"x" * MAX_FORM)
    assert answer.status_code == 413
    assert "The file is too large" in text_of(answer)


def test_a_body_without_its_end_is_refused(fay):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n\r\n'
    answer = fay.generic("POST", NEW, head + GOOD.encode(), content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 400
    assert "did not arrive whole" in text_of(answer)
    assert not InvitationFile.objects.exists()


def test_no_file_without_the_token_of_the_form(staff, fay):
    strict: Any = Client(enforce_csrf_checks=True)
    strict.user = fay.user
    assert send(again(strict), GOOD).status_code == 403
    assert not InvitationFile.objects.exists()


def test_the_file_is_kept_encrypted(fay):
    file = read(fay, GOOD)
    name = storage.copies(file.data_key)[0]
    assert file.file_name == name
    assert not file.faults
    beneath: Any = storages["evidence"]
    with beneath._objects.open(name) as kept:
        assert b"Mara" not in kept.read()


# Confirming


def test_all_that_fit_are_invited_at_once_and_each_is_in_the_trail(fay):
    file = read(fay, MIXED, mode="SILENT")
    assert confirm(fay, file).status_code == 302
    assert invited() == ["CUST-1", "CUST-2"]
    assert set(Verification.objects.values_list("mode", "invited_by_file")) == {("SILENT", file.pk)}
    events = AuditEvent.objects.filter(kind="verification.invited", actor_kind="front_office", actor_id="fay")
    assert {event.data["file"] for event in events} == {file.public_id}
    assert set(events.values_list("subject_id", flat=True)) == set(
        Verification.objects.values_list("public_id", flat=True)
    )
    assert AuditEvent.objects.get(kind="invitation_file.confirmed").data["left_out"] == 3


def test_a_second_click_invites_nobody_twice(fay):
    file = read(fay, GOOD)
    confirm(fay, file)
    assert confirm(fay, file).status_code == 302
    assert Verification.objects.count() == 2


def test_only_the_file_that_was_shown_is_confirmed(fay):
    file = read(fay, GOOD)
    assert confirm(fay, file, sha256="0" * 64).status_code == 409
    assert act(fay, file, "confirm").status_code == 409
    assert not Verification.objects.exists()


def test_nobody_is_invited_if_something_changed_since_it_was_shown(fay):
    file = read(fay, GOOD)
    invite.invite(reference="CUST-2", name="Tomás", by=audit.By.shell(), now=LATER)
    answer = confirm(fay, file)
    assert answer.status_code == 409
    assert "This reference is invited already" in text_of(answer)
    assert "Nobody was invited" in text_of(answer)
    assert invited() == ["CUST-2"]
    assert confirm(fay, file).status_code == 302
    assert invited() == ["CUST-1", "CUST-2"]


def test_all_who_confirm_lock_the_same_people_in_the_same_order(fay, monkeypatch):
    monkeypatch.setattr(invite_many, "CHUNK", 1)
    for reference in ("CUST-2", "CUST-1"):
        Applicant.objects.create(reference=reference, name="Ended", created_at=NOW)
    file = read(fay, GOOD)
    with CaptureQueriesContext(connection) as found:
        invite_many._lock(people.read(csv_file.lines(GOOD.encode())).people, file.client)
    locks = [re.search(r'"verification_applicant"."id" IN \((\d+)\)', each["sql"]) for each in found]
    keys = [int(lock[1]) for lock in locks if lock]
    assert keys == sorted(keys)
    assert len(keys) == 2


def test_a_failure_in_the_middle_leaves_nobody_invited(fay, monkeypatch):
    monkeypatch.setattr(invite_many, "CHUNK", 1)
    file = read(fay, GOOD)
    real, calls = audit.record_all, []

    def fails_at_the_second(events):
        calls.append(events)
        if len(calls) == 2:
            raise RuntimeError
        real(events)

    monkeypatch.setattr(audit, "record_all", fails_at_the_second)
    with pytest.raises(RuntimeError):
        confirm(fay, file)
    assert not Applicant.objects.exists()
    assert not AuditEvent.objects.filter(kind="verification.invited").exists()
    file.refresh_from_db()
    assert file.state == "read"


def test_whoever_ended_is_invited_anew_with_the_new_details_and_whoever_was_erased_is_not(fay):
    for reference in ("CUST-1", "CUST-2"):
        made = invite.invite(reference=reference, name="Before", by=audit.By.shell(), now=NOW)
        cancel(made.verification, reason="no_longer_needed", by=audit.By.shell(), now=NOW)
    erased = Applicant.objects.get(reference="CUST-2")
    erase.erase(erased, by=audit.By.shell(), reason="asked for it", now=NOW)
    file = read(fay, GOOD)
    assert (file.fit, file.faults) == (1, [[3, "reference", "erased", 0]])
    confirm(fay, file)
    applicant = Applicant.objects.get(reference="CUST-1")
    assert (applicant.name, applicant.verifications.count()) == ("Mara Lindqvist", 2)
    assert AuditEvent.objects.get(kind="applicant.changed").data["fields"] == ["name", "email"]


def test_a_calling_system_has_references_of_its_own(fay):
    client = api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW).record.client
    invite.invite(reference="CUST-1", name="Ours", by=audit.By.shell(), now=NOW)
    file = read(fay, GOOD, client=client.pk)
    assert file.fit == 2
    confirm(fay, file)
    assert set(Verification.objects.filter(client=client).values_list("applicant__client", flat=True)) == {
        client.pk
    }


# Links


def test_the_file_of_links_opens_each_case(fay):
    file = read(fay, GOOD)
    confirm(fay, file)
    answer = act(fay, file, "links")
    rows = rows_of(answer)
    assert answer["Cache-Control"].startswith("no-store")
    assert [row["reference"] for row in rows] == ["CUST-1", "CUST-2"]
    for row in rows:
        assert Client().get(urlsplit(row["link"]).path)["Location"].startswith("/verify/"), row
    assert AuditEvent.objects.get(kind="invitation_file.links_made").data == {"links": 2}
    assert AuditEvent.objects.filter(kind="link.renewed", actor_id="fay").count() == 2


def test_a_second_file_of_links_ends_the_first_and_leaves_alone_who_has_begun(fay):
    file = read(fay, GOOD)
    confirm(fay, file)
    first = rows_of(act(fay, file, "links"))
    begun = Verification.objects.get(applicant__reference="CUST-1")
    Verification.objects.filter(pk=begun.pk).update(status="collecting", browser_hash="b" * 64)
    second = rows_of(act(fay, file, "links"))
    assert [row["reference"] for row in second] == ["CUST-2"]
    begun.refresh_from_db()
    assert Client().get(urlsplit(first[0]["link"]).path).status_code == 302
    assert Client().get(urlsplit(first[1]["link"]).path).status_code == 404
    assert Client().get(urlsplit(second[0]["link"]).path).status_code == 302


def test_there_are_no_links_before_it_is_confirmed(fay):
    file = read(fay, GOOD)
    assert act(fay, file, "links").status_code == 302
    assert not AuditEvent.objects.filter(kind="invitation_file.links_made").exists()


# How long it is kept


def test_a_dropped_file_is_gone_and_invites_nobody(fay, django_capture_on_commit_callbacks):
    file = read(fay, MIXED)
    with django_capture_on_commit_callbacks(execute=True):
        assert act(fay, file, "drop").status_code == 302
    assert storage.copies(file.data_key) == []
    assert confirm(fay, file).status_code == 409
    assert fay.get(f"{LIST}{file.public_id}/problems").status_code == 409
    assert not Applicant.objects.exists()


def test_after_a_day_the_file_is_deleted_and_can_not_be_confirmed(fay):
    file, done = read(fay, GOOD), read(fay, GOOD.replace("CUST", "ACME"))
    confirm(fay, done)
    late = LATER + timedelta(days=1)
    assert invite_many.expire(now=late - timedelta(seconds=1)) == 0
    assert invite_many.expire(now=late) == 2
    assert invite_many.expire(now=late) == 0
    for each in (file, done):
        assert storage.copies(each.data_key) == []
    file.refresh_from_db()
    done.refresh_from_db()
    assert (file.state, done.state) == ("dropped", "done")
    with time_machine.travel(late, tick=False):
        assert confirm(again(fay), file).status_code == 409
    assert invited() == ["ACME-1", "ACME-2"]


def test_what_a_crash_leaves_of_a_file_is_deleted_too(fay, monkeypatch):
    monkeypatch.setattr(storage, "store", lambda *args: (_ for _ in ()).throw(storage.Unavailable()))
    assert send(fay, GOOD).status_code == 503
    file = InvitationFile.objects.get()
    assert fay.get(f"{LIST}{file.public_id}/").status_code == 404
    assert invite_many.expire(now=LATER + timedelta(days=2)) == 1
    assert DataKey.objects.get(invitation_file=file).destroyed_at is not None


def test_the_list_of_files_names_no_person(fay):
    read(fay, MIXED)
    shown = text_of(fay.get(LIST))
    assert "2 of 5 lines fit" in shown
    assert not re.search("Mara|CUST", shown)


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Auditor"])
def test_nobody_who_decides_or_audits_sends_or_confirms_a_file(fay, desk_of, group):
    file, other = read(fay, GOOD), desk_of(group)
    assert send(other, GOOD).status_code == 403
    assert confirm(other, file).status_code == 403
    assert not Verification.objects.exists()

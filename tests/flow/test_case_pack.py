"""The case pack: everything about a case in one file, which an auditor checks alone, and which shows any change."""

import re
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from tests.conftest import NOW
from tests.flow.packs import (
    ALL,
    NAME,
    TEXT,
    declined,
    json_of,
    keys,
    lines_of,
    opened,
    pack_of,
    sealed,
    wrong_with,
)
from tests.tampers import tampers, verdict
from verification import audit, permissions, storage
from verification.actions import case_pack, erase
from verification.actions.case_pack import Asked, Purpose
from verification.audit import trail_keys, viewing
from verification.exports.case_pack import Contents
from verification.models import AuditEvent, Consent, ProviderCall, Verification, VerificationAttempt
from verification.transparency.signers import SeedSigner

pytestmark = pytest.mark.django_db

TAMPERS = 500


@pytest.fixture
def decided(road, emulator, staff) -> Verification:
    return declined(road, emulator, staff("Reviewer"))


def made(case: Verification, asked: Asked) -> IO[bytes]:
    return case_pack.make(case, asked, by=audit.By.shell(), now=NOW).file


def test_it_holds_the_case_and_everything_that_was_done_with_it(decided):
    pack = pack_of(decided)
    assert wrong_with(pack) == ""
    assert json_of(pack, "case.json")["status"] == "declined"
    review = json_of(pack, "reviews.json")["records"][0]["facts"]
    assert (review["verdict"], review["reason_code"], review["by.username"]) == (
        "decline",
        "different_person",
        "reviewer",
    )
    kinds = [event["kind"] for event in lines_of(pack, "timeline.jsonl")]
    assert kinds[0] == "verification.invited"
    assert kinds[-1] == "review.declined"
    assert [event["kind"] for event in lines_of(pack, "access.jsonl")] == [viewing.CASE]
    assert (
        json_of(pack, "calls.json")["records"][0]["facts"]["code"] == "FailedOperation.CompareLowSimilarity"
    )
    with opened(pack) as archive:
        [text] = [name for name in archive.namelist() if name.startswith("consent/")]
        assert archive.read(text) == b"What the page said."
        photo = decided.documents.get()
        assert archive.read(f"media/{photo.public_id}-photo.jpg")[:2] == b"\xff\xd8"


def test_a_time_that_no_event_committed_to_is_written_as_one_that_was_committed_to(decided):
    [case, _person] = json_of(pack_of(decided), "case.json")["records"]
    written = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(written, case["facts"]["decided_at"])
    assert re.fullmatch(written, case["further"]["link_expires_at"])


def test_the_same_case_at_the_same_checkpoint_has_the_same_bytes(decided):
    sealed()
    asked = Asked(Purpose.AUDIT, "Twice.", ALL)
    with made(decided, asked) as one, made(decided, asked) as two:
        assert one.read() == two.read()
    # The second look at the whole case is in the next pack.
    assert [event["kind"] for event in lines_of(pack_of(decided), "access.jsonl")].count(viewing.PACK) == 2


def contents_of(pack: bytes) -> bytes:
    with opened(pack) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if name != "dossier.pdf")


def test_what_was_not_asked_for_is_not_in_it_and_the_rest_still_holds(decided):
    secrets = {"names": NAME.encode(), "media": b"\xff\xd8\xff", "notes": TEXT.encode()}
    whole = contents_of(pack_of(decided))
    for left_out, secret in secrets.items():
        pack = pack_of(decided, Contents(**{name: name != left_out for name in secrets}))
        assert wrong_with(pack) == ""
        assert secret in whole
        assert secret not in contents_of(pack)


def test_many_looks_take_hardly_more_queries(decided, django_assert_max_num_queries):
    looks = [
        audit.event(viewing.CASE, by=audit.By("auditor", "auditor"), subject=decided, at=NOW, version=1)
        for _ in range(600)
    ]
    audit.record_all(looks)
    sealed()
    with (
        django_assert_max_num_queries(200),
        made(decided, Asked(Purpose.AUDIT, "A test.", Contents())) as file,
    ):
        assert wrong_with(file.read()) == ""


def test_an_erased_case_says_so_and_still_holds(decided):
    erase.erase(decided.applicant, by=audit.By.shell(), reason="The person asked for it.", now=NOW)
    pack = pack_of(decided)
    assert wrong_with(pack) == ""
    erased = json_of(pack, "case.json")["erased"]
    assert (erased["basis"], erased["by"]["kind"], erased["at"][:10]) == (
        "The person asked for it.",
        "shell",
        "2026-11-23",
    )
    assert {piece["missing"] for piece in json_of(pack, "media.json")["media"]} == {"erased"}
    assert b"erased on 2026-11-23" in opened(pack).read("VERIFY.md")
    assert not [name for name in opened(pack).namelist() if name.startswith("media/")]


def test_every_tamper_is_found(decided):
    sound, other, trusted = pack_of(decided), pack_of(decided, Contents()), keys()
    changed = tampers(sound, TAMPERS, seed=3, other=other)
    assert [each.name for each in changed if not verdict(each.content, trusted)] == []


def change_answer() -> None:
    ProviderCall.objects.update(code="Success")


def change_score() -> None:
    VerificationAttempt.objects.update(similarity="99.00")


def change_status() -> None:
    Verification.objects.update(status="approved")


def change_frame() -> None:
    VerificationAttempt.objects.update(best_frame_sha256="0" * 64)


def change_outcome() -> None:
    Verification.objects.update(outcome="passed")


def drop_consent() -> None:
    Consent.objects.all().delete()


@pytest.mark.parametrize(
    "change", [change_answer, change_score, change_status, change_frame, change_outcome, drop_consent]
)
def test_a_change_in_the_database_itself_is_found_by_the_pack_alone(decided, change):
    change()
    assert wrong_with(pack_of(decided, ALL if change != change_frame else Contents(names=True, notes=True)))


def test_it_shows_that_the_trail_goes_on_from_an_earlier_pack(decided):
    first = pack_of(decided)
    second = pack_of(decided)
    assert verdict(second, [], opened(first).read("trail/checkpoint")) == ""


def test_who_made_it_and_why_is_in_the_trail(decided, staff):
    auditor = staff("Auditor")
    by = audit.By("auditor", auditor.get_username())
    sealed()
    asked = Asked(Purpose.COMPLAINT, "Their lawyer asked.", Contents(media=True))
    made = case_pack.for_staff(decided, asked, by=auditor, acting_as=by, now=NOW)
    made.file.close()
    event = AuditEvent.objects.get(kind=viewing.PACK)
    assert (event.actor_id, event.subject_id) == ("auditor", decided.public_id)
    assert event.data == {
        "purpose": "complaint",
        "reason": "Their lawyer asked.",
        "contents": ["media"],
        "file_sha256": made.sha256,
        "file_size": made.size,
        "checkpoint": made.checkpoint,
    }


def test_nobody_makes_it_who_may_not(decided, road, emulator, staff):
    permissions.check_case_pack(staff("Auditor"), decided)
    permissions.check_case_pack(staff("Senior reviewer"), decided)
    open_case = road.in_review(emulator)
    permissions.check_case_pack(staff("Auditor"), open_case)
    for group, case in (
        ("Senior reviewer", open_case),
        ("Reviewer", decided),
        ("Operator", decided),
        ("Front office", decided),
    ):
        with pytest.raises(permissions.Denied):
            permissions.check_case_pack(staff(group), case)


def test_names_and_notes_leave_with_members_of_sensitive_exports_alone(decided, signed_in, staff):
    client = signed_in("Auditor")
    everything = ASKED | {"with_names": "on", "with_notes": "on"}
    assert "with_names" not in client.get(page_of(decided)).content.decode()
    client.post(page_of(decided), everything).close()
    assert AuditEvent.objects.get(kind=viewing.PACK).data["contents"] == ["media"]
    auditor = staff("Auditor")
    by = audit.By("auditor", auditor.get_username())
    for contents in (Contents(names=True), Contents(notes=True)):
        with pytest.raises(permissions.Denied):
            case_pack.for_staff(
                decided, Asked(Purpose.AUDIT, "A test.", contents), by=auditor, acting_as=by, now=NOW
            )
    auditor.groups.add(Group.objects.get(name=permissions.SENSITIVE))
    client.post(page_of(decided), everything).close()
    assert AuditEvent.objects.filter(kind=viewing.PACK).last().data["contents"] == ["media", "names", "notes"]


def test_it_waits_until_every_act_on_the_case_is_sealed(decided):
    asked = Asked(Purpose.AUDIT, "Too early.", Contents())
    with pytest.raises(case_pack.NotMade):
        case_pack.make(decided, asked, by=audit.By.shell(), now=NOW)
    assert not AuditEvent.objects.filter(kind=viewing.PACK).exists()


def test_the_command_writes_it_and_the_verifier_in_it_runs_alone(decided, tmp_path: Path, capsys):
    path = tmp_path / "case.zip"
    options = {"output": path, "reason": "A test.", "media": True, "names": True, "notes": True}
    call_command("case_pack", decided.public_id, **options)
    assert "SHA-256" in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "verify.py").write_bytes(opened(path.read_bytes()).read("verify.py"))
    command = [sys.executable, "-I", "-S", "verify.py", "case.zip", "--key", keys()[0]]
    told = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60)
    print(told.stdout, told.stderr)
    assert (told.returncode, told.stderr) == (0, "")
    assert f"the case {decided.public_id} is declined" in told.stdout
    with pytest.raises(CommandError, match="exists already"):
        call_command("case_pack", decided.public_id, **options)


ASKED = {"purpose": "complaint", "reason": "Their lawyer asked.", "with_media": "on"}


def page_of(case: Verification) -> str:
    return f"/admin/case/{case.public_id}/pack"


def test_an_auditor_makes_one_on_its_page(decided, signed_in):
    client = signed_in("Auditor")
    assert page_of(decided) in client.get(f"/admin/case/{decided.public_id}/").content.decode()
    assert client.get(page_of(decided)).status_code == 200
    response = client.post(page_of(decided), ASKED)
    pack = b"".join(response.streaming_content)
    assert response["Content-Disposition"].startswith(f'attachment; filename="case-{decided.public_id}-at-')
    assert wrong_with(pack) == ""
    assert AuditEvent.objects.get(kind=viewing.PACK).data["contents"] == ["media"]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"purpose": ""}, "required"), ({"reason": ""}, "required"), ({"reason": "x" * 201}, "at most 200")],
)
def test_without_a_purpose_and_a_reason_there_is_none(decided, signed_in, change, said):
    response = signed_in("Auditor").post(page_of(decided), ASKED | change)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not AuditEvent.objects.filter(kind=viewing.PACK).exists()


def test_a_checkpoint_of_more_events_than_the_trail_has_is_refused(decided, signed_in):
    response = signed_in("Auditor").post(page_of(decided), ASKED | {"earlier": 10**6})
    assert response.status_code == 409
    assert "no checkpoint of it has 1,000,000" in response.content.decode()
    assert not AuditEvent.objects.filter(kind=viewing.PACK).exists()


def test_a_store_that_is_away_is_said_and_nothing_is_recorded(decided, signed_in, monkeypatch):
    def away(*_args: object, **_more: object) -> bytes:
        raise storage.Unavailable("The store is away.")

    client = signed_in("Auditor")
    monkeypatch.setattr(storage, "read", away)
    response = client.post(page_of(decided), ASKED)
    assert response.status_code == 503
    assert not AuditEvent.objects.filter(kind=viewing.PACK).exists()


def test_a_key_that_can_not_sign_is_said_and_nothing_is_recorded(decided, signed_in, monkeypatch):
    def refuse(*_args: object) -> bytes:
        raise trail_keys.DeviceFailed("The device failed.")

    client = signed_in("Auditor")
    sealed()
    monkeypatch.setattr(SeedSigner, "sign", refuse)
    response = client.post(page_of(decided), ASKED)
    assert response.status_code == 503
    assert "be signed now" in response.content.decode()
    assert not AuditEvent.objects.filter(kind=viewing.PACK).exists()


@pytest.mark.parametrize("by", [audit.By("auditor", "auditor"), audit.By.shell()])
def test_more_than_the_usual_number_raises_an_alert(decided, by):
    for _ in range(viewing.USUAL[viewing.PACK].most + 1):
        viewing.record(viewing.PACK, by=by, subject=decided, now=NOW)
    assert AuditEvent.objects.filter(kind=viewing.ALERT, data__looks=viewing.PACK).count() == 1

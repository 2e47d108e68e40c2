"""One event and its proof, how far the trail is sealed, and an auditor's first page."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests import trail_by_hand
from tests.conftest import NOW
from tests.flow import exporting
from verification.audit import log, sealing, trail_keys
from verification.audit.entries import Entry
from verification.exports import verify_pack
from verification.exports.period.table import Period
from verification.models import AuditEvent, Checkpoint, ExportKind, TrailGap, TrailHead, Verification
from verification.states import Band, Status
from verification.transparency import checkpoints, notes

PAGE = "/admin/trail/"


@pytest.fixture
def auditor(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("Auditor")


@pytest.fixture
def event(road: Any) -> AuditEvent:
    case = road.invited()
    return AuditEvent.objects.get(kind="verification.invited", subject_id=case.public_id)


def seal() -> Checkpoint:
    signed = sealing.seal(now=NOW)
    assert signed is not None
    return signed


def page_of(client: Client, number: int, **asked: Any) -> str:
    return str(client.get(f"{PAGE}{number}/", asked).content.decode())


def test_an_event_is_proven_on_its_page_and_says_what_its_data_mean(
    auditor: Client, event: AuditEvent
) -> None:
    signed = seal()
    page = page_of(auditor, event.pk)
    assert "The proof holds." in page
    assert signed.root in page
    assert hashlib.sha256(b"\x00" + bytes(Entry.of(event))).hexdigest() in page
    assert "the applicant" in page


def test_the_files_prove_the_event_without_the_portal(
    auditor: Client, event: AuditEvent, road: Any, tmp_path: Path
) -> None:
    for _ in range(20):
        road.invited()
    seal()
    proof = auditor.get(f"{PAGE}{event.pk}/proof").content
    entry = auditor.get(f"{PAGE}{event.pk}/entry").content
    (vkey,) = auditor.get(f"{PAGE}keys").content.decode().split()
    note = proof.partition(b"\n\n")[2]
    found = checkpoints.open_checkpoint(note, vkey.partition("+")[0], [notes.PublicKey.parse(vkey)])
    trail = verify_pack.Trail(found.origin, found.size, found.root)
    assert verify_pack.check_proof(proof, entry, trail, note, "the proof") == log.place(event.pk)
    by_hand = trail_by_hand.check(tmp_path, entry, proof.decode(), vkey)
    assert by_hand.returncode == 0, by_hand.stderr


def test_an_older_checkpoint_proves_the_event_too(auditor: Client, event: AuditEvent, road: Any) -> None:
    first = seal()
    later = road.invited().public_id
    assert seal().size > first.size
    proof = auditor.get(f"{PAGE}{event.pk}/proof", {"checkpoint": first.size}).content.decode()
    assert proof.endswith(first.note)
    assert "The proof holds." in page_of(auditor, event.pk, checkpoint=f"{first.size:,}")
    number = AuditEvent.objects.get(subject_id=later).pk
    assert "signed before this event was sealed" in page_of(auditor, number, checkpoint=first.size)


@pytest.mark.parametrize("asked", ["1000", "none"])
def test_what_is_no_checkpoint_proves_nothing(auditor: Client, event: AuditEvent, asked: str) -> None:
    seal()
    page = page_of(auditor, event.pk, checkpoint=asked)
    assert "There is no checkpoint of that size" in page
    assert "The proof holds." not in page
    assert auditor.get(f"{PAGE}{event.pk}/proof", {"checkpoint": asked}).status_code == 404


def test_a_checkpoint_from_before_the_log_was_begun_again_still_proves_the_event(
    auditor: Client, event: AuditEvent, road: Any
) -> None:
    before = seal()
    trail_keys.begin_again(TrailHead.objects.get(), now=NOW)
    assert "The proof holds." in page_of(auditor, event.pk)
    road.invited()
    assert not seal().note.startswith(before.note.partition("\n")[0] + "\n")
    for asked in ({}, {"checkpoint": before.size}):
        assert "The proof holds." in page_of(auditor, event.pk, **asked)


def test_an_event_that_was_changed_in_the_database_is_found(auditor: Client, event: AuditEvent) -> None:
    seal()
    with connection.cursor() as cursor:
        on = " ON verification_auditevent" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER verification_auditevent_refuse_update{on}")
    AuditEvent.objects.filter(pk=event.pk).update(actor_id="mallory")
    page = page_of(auditor, event.pk)
    assert "The proof does not hold." in page
    assert "The proof holds." not in page


def test_an_event_that_is_not_sealed_yet_says_when_it_will_be(auditor: Client, event: AuditEvent) -> None:
    page = page_of(auditor, event.pk)
    assert "No proof yet." in page
    assert auditor.get(f"{PAGE}{event.pk}/proof").status_code == 404
    assert auditor.get(f"{PAGE}{event.pk}/entry").status_code == 200


def test_a_number_that_no_event_got_says_why(auditor: Client, event: AuditEvent) -> None:
    TrailGap.objects.create(first=7000, last=7010, noticed_at=NOW)
    assert "did not take place" in page_of(auditor, 7005)
    assert auditor.get(f"{PAGE}7005/").status_code == 404
    assert "There is no event of the number 8000" in page_of(auditor, 8000)


@pytest.mark.parametrize("number", ["0", "1" * 17, "9" * 40])
@pytest.mark.parametrize("path", ["{}/", "{}/proof", "{}/entry", "checkpoints/{}"])
def test_no_number_breaks_a_page(auditor: Client, number: str, path: str) -> None:
    assert auditor.get(PAGE + path.format(number)).status_code == 404


def test_an_event_is_found_by_its_number_and_by_its_index(auditor: Client, event: AuditEvent) -> None:
    seal()
    index = log.place(event.pk)
    for asked in ({"number": f"{event.pk:,}"}, {"number": str(index), "by": "index"}):
        assert auditor.get(f"{PAGE}find", asked).headers["Location"] == f"{PAGE}{event.pk}/"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"number": "x"}, "Type a number"),
        ({"number": ""}, "Type a number"),
        ({"number": "9" * 30}, "Type a number"),
        ({"number": "99", "by": "index"}, "The log has no index 99"),
    ],
)
def test_what_is_no_number_of_an_event_is_told(auditor: Client, asked: dict[str, str], says: str) -> None:
    assert says in auditor.get(f"{PAGE}find", asked, follow=True).content.decode()


def test_looking_at_an_event_is_an_event(auditor: Client, event: AuditEvent) -> None:
    for path in ("", "entry"):
        before = AuditEvent.objects.filter(kind="record.viewed", subject_id=str(event.pk)).count()
        auditor.get(f"{PAGE}{event.pk}/{path}")
        looks = AuditEvent.objects.filter(kind="record.viewed", subject_id=str(event.pk))
        assert looks.count() == before + 1


def test_who_may_decide_an_undecided_spot_check_opens_none_of_its_events(
    signed_in: Callable[[str], Client], event: AuditEvent
) -> None:
    senior = signed_in("Senior reviewer")
    assert senior.get(f"{PAGE}{event.pk}/").status_code == 200
    Verification.objects.filter(public_id=event.subject_id).update(
        status=Status.IN_REVIEW, band=Band.SPOT_CHECK, queued_at=NOW, due_at=NOW
    )
    for path in ("", "proof", "entry"):
        assert senior.get(f"{PAGE}{event.pk}/{path}").status_code == 404


def test_the_checkpoints_are_listed_and_taken_away(auditor: Client, road: Any) -> None:
    sizes = []
    for minute in range(30):
        road.invited()
        sizes.append(sealing.seal(now=NOW + timedelta(minutes=minute)).size)
    page = auditor.get(f"{PAGE}sealing/")
    assert [row.size for row in page.context["page"].rows] == sizes[::-1][:25]
    older = auditor.get(f"{PAGE}sealing/", {"after": page.context["page"].next})
    assert [row.size for row in older.context["page"].rows] == sizes[::-1][25:]
    taken = auditor.get(f"{PAGE}checkpoints/{sizes[3]}")
    found = checkpoints.open_checkpoint(taken.content, trail_keys.origin(), trail_keys.known())
    assert found.size == sizes[3]
    assert "attachment" in taken.headers["Content-Disposition"]


@pytest.mark.django_db
def test_before_the_first_checkpoint_the_pages_say_so(auditor: Client) -> None:
    page = auditor.get(f"{PAGE}sealing/").content.decode()
    assert "No checkpoint was signed yet" in page
    assert "There is no key yet" in page
    assert auditor.get(f"{PAGE}keys").content == b""


def test_an_auditor_finds_the_trail_on_the_first_page_and_others_their_own_work(
    signed_in: Callable[[str], Client], event: AuditEvent
) -> None:
    signed = seal()
    page = signed_in("Auditor").get("/admin/").content.decode()
    assert "Search the trail" in page
    assert signed.root in page
    assert "Search the trail" not in signed_in("Senior reviewer").get("/admin/").content.decode()


def test_each_export_on_the_first_page_leads_to_its_own(auditor: Client, event: AuditEvent) -> None:
    period = Period(start=NOW - timedelta(days=1), end=NOW)
    exports = [exporting.asked(period, now=NOW, kind=kind, formats=()) for kind in ExportKind]
    page = auditor.get("/admin/").content.decode()
    for each in exports:
        (link,) = re.findall(rf'<a href="([^"]*/{each.public_id}/)">', page)
        assert auditor.get(link).status_code == 200

"""Photos, frames and recordings: who may see them, in which ranges, and that each view leaves an event."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageChops

from tests import objects
from tests.flow.conftest import LATER
from verification import storage
from verification.crypto import new_entry
from verification.models import AuditEvent, Document, VerificationAttempt

pytestmark = pytest.mark.usefixtures("an_hour_later")

KINDS = ("photo", "frame", "video", "recorded")


@pytest.fixture
def case(road, emulator):
    return road.in_review(emulator)


def address(case, kind: str) -> str:
    part = case.documents.get() if kind == "photo" else case.attempts.get()
    return reverse("admin:evidence", args=[kind, part.public_id])


@pytest.mark.parametrize(
    ("kind", "content_type", "magic"),
    [
        ("photo", "image/jpeg", b"\xff\xd8\xff"),
        ("frame", "image/jpeg", b"\xff\xd8\xff"),
        ("video", "video/mp4", b"ftyp"),
        ("recorded", "image/jpeg", b"\xff\xd8\xff"),
    ],
)
@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Auditor"])
def test_evidence_is_shown_as_normalised(case, signed_in, group, kind, content_type, magic):
    response = signed_in(group).get(address(case, kind))
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert magic in response.content[:12]


@pytest.mark.parametrize("kind", KINDS)
def test_an_operator_does_not_see_evidence(case, signed_in, kind):
    assert signed_in("Operator").get(address(case, kind)).status_code == 403
    assert not AuditEvent.objects.filter(kind="evidence.viewed").exists()


def test_evidence_is_never_kept_or_run(case, signed_in):
    response = signed_in().get(address(case, "photo"))
    assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["Content-Disposition"] == f'inline; filename="photo-{case.documents.get().public_id}.jpg"'


@pytest.mark.parametrize("kind", KINDS)
def test_each_look_is_an_event(case, signed_in, kind):
    signed_in("Auditor").get(address(case, kind))
    event = AuditEvent.objects.get(kind="evidence.viewed")
    assert (event.subject_id, event.actor_kind, event.actor_id) == (case.public_id, "auditor", "auditor")
    assert event.data["evidence"] == kind


def test_every_whole_file_is_a_look_of_its_own(case, signed_in):
    for _ in range(2):
        signed_in().get(address(case, "photo"))
    assert AuditEvent.objects.filter(kind="evidence.viewed").count() == 2


def test_the_pieces_of_a_recording_are_one_look(case, signed_in):
    for piece in ("bytes=0-9", "bytes=10-19", "bytes=20-"):
        signed_in().get(address(case, "video"), headers={"range": piece})
    assert AuditEvent.objects.filter(kind="evidence.viewed").count() == 1


def piece(client, address):
    return client.get(address, headers={"range": "bytes=0-9"}).status_code


def looks():
    return AuditEvent.objects.filter(kind="evidence.viewed").count()


def test_a_colleague_who_sees_a_piece_has_looked_too(case, signed_in):
    for group in ("Reviewer", "Auditor"):
        assert piece(signed_in(group), address(case, "video")) == 206
    assert looks() == 2


def test_a_piece_some_time_later_is_another_look(case, signed_in):
    client = signed_in()
    piece(client, address(case, "video"))
    with time_machine.travel(LATER + timedelta(minutes=9, seconds=59), tick=False):
        piece(client, address(case, "video"))
    assert looks() == 1
    with time_machine.travel(LATER + timedelta(minutes=10), tick=False):
        piece(client, address(case, "video"))
    assert looks() == 2


def test_a_piece_of_another_recording_of_the_case_is_another_look(road, emulator, signed_in):
    missed = {"result": "FailedOperation.ActionFirstAction"}
    case, client = road.judged(emulator, missed, missed, missed), signed_in()
    for attempt in case.attempts.all():
        assert piece(client, reverse("admin:evidence", args=["video", attempt.public_id])) == 206
    assert looks() == 3


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=0-99999999", 0, None),
    ],
)
def test_one_range_is_served(case, signed_in, asked, first, last):
    attempt = case.attempts.get()
    whole = storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256)
    response = signed_in().get(address(case, "video"), headers={"range": asked})
    wanted = whole[first : None if last is None else last + 1]
    assert response.status_code == 206
    assert response.content == wanted
    start = len(whole) - len(wanted) if last is None else first
    assert response["Content-Range"] == f"bytes {start}-{start + len(wanted) - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=50-10", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(case, signed_in, asked):
    response = signed_in().get(address(case, "video"), headers={"range": asked})
    assert response.status_code == 416
    assert response["Content-Range"].startswith("bytes */")
    assert not AuditEvent.objects.filter(kind="evidence.viewed").exists()


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=-", "lines=0-1", "bytes=a-b", "bytes=" + "9" * 5000 + "-"]
)
def test_what_is_no_single_range_gets_the_whole(case, signed_in, asked):
    response = signed_in().get(address(case, "video"), headers={"range": asked})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("accept", "content_type"), [("image/avif,*/*", "application/json"), ("text/html", "text/html")]
)
def test_damaged_evidence_is_not_shown_and_is_noted(case, signed_in, accept, content_type):
    objects.damage(case.documents.get().normalised_name)
    response = signed_in().get(address(case, "photo"), headers={"accept": accept})
    assert response.status_code == 409
    assert response["Content-Type"].startswith(content_type)
    event = AuditEvent.objects.get(kind="evidence.integrity_error")
    assert event.subject_id == case.public_id
    assert not AuditEvent.objects.filter(kind="evidence.viewed").exists()


@pytest.mark.parametrize("asked", ["", "bytes=0-", "bytes=-1"])
def test_a_damaged_recording_is_not_shown_in_pieces_either(case, signed_in, asked):
    objects.damage(case.attempts.get().normalised_name, last=True)
    response = signed_in().get(address(case, "video"), headers={"range": asked} if asked else {})
    assert response.status_code == 409
    assert AuditEvent.objects.filter(kind="evidence.integrity_error").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_erased_evidence_is_gone_and_no_alarm(case, signed_in, kind):
    storage.erase(storage.key_of(case.applicant), now=timezone.now())
    assert signed_in().get(address(case, kind)).status_code == 410
    assert not AuditEvent.objects.filter(kind__startswith="evidence.").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_key_on_the_ring_staff_are_asked_to_wait(case, signed_in, kind, settings):
    settings.KEYRING = new_entry("another")
    response = signed_in().get(address(case, kind))
    assert response.status_code == 503
    assert not AuditEvent.objects.filter(kind__startswith="evidence.").exists()


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_a_picture_carries_the_name_of_whoever_looks(case, signed_in):
    document = case.documents.get()
    stored = picture(storage.read(document.normalised_name, sha256=document.normalised_sha256))
    seen = {
        group: picture(signed_in(group).get(address(case, "photo")).content)
        for group in ("Reviewer", "Auditor")
    }
    assert seen["Reviewer"].size != stored.size
    assert seen["Reviewer"].size == seen["Auditor"].size
    assert ImageChops.difference(seen["Reviewer"], seen["Auditor"]).getbbox() is not None


def test_of_the_recording_as_uploaded_only_pictures_are_shown(case, signed_in):
    """The page shows six frames in their own size with the viewer's name, never the bytes of the file."""
    attempt = case.attempts.get()
    stored = storage.read(attempt.original_name, sha256=attempt.original_sha256)
    response = signed_in().get(address(case, "recorded"))
    facts = attempt.facts["recorded"]
    assert picture(response.content).width == 3 * facts["width"] + 16
    assert picture(response.content).height > 2 * facts["height"] + 8  # the strip with the name is below
    assert not any(stored[at : at + 64] in response.content for at in range(0, len(stored) - 64, 64))
    assert AuditEvent.objects.get(kind="evidence.viewed").data["sha256"] == attempt.original_sha256


def test_a_damaged_upload_gives_no_pictures(case, signed_in):
    objects.damage(case.attempts.get().original_name)
    assert signed_in().get(address(case, "recorded")).status_code == 409
    assert AuditEvent.objects.filter(kind="evidence.integrity_error").exists()


@pytest.mark.parametrize("kind", [*KINDS, "original", "../photo"])
def test_what_is_not_there_is_not_found(db, signed_in, kind):
    assert signed_in().get(f"/admin/evidence/{kind}/none").status_code == 404


def test_a_frame_that_the_vendor_did_not_send_is_not_found(case, signed_in):
    VerificationAttempt.objects.update(best_frame_name="", best_frame_sha256="")
    assert signed_in().get(address(case, "frame")).status_code == 404


def test_originals_have_no_address(case, signed_in):
    names = [*Document.objects.values_list("original_name", flat=True), case.attempts.get().original_name]
    for name in names:
        assert signed_in().get(f"/admin/evidence/photo/{name}").status_code == 404

"""Advice on the ID photo: the applicant reads it and chooses, the reviewer sees both, and nothing is ever refused."""

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image, ImageEnhance
from structlog.testing import capture_logs

from tests.conftest import NOW, photo
from tests.flow.test_applicant_pages import agreed, give_photo, opened
from tests.flow.test_uploads_in_parts import draw
from verification import media
from verification.actions.invite import Invitation
from verification.media.facts import ADVICE
from verification.models import AuditEvent, Document, Verification
from verification.pages.photo_advice import WORDS
from verification.review.case import dossier, photo_signals

pytestmark = pytest.mark.usefixtures("clock")

ADVICE_PAGE, PICTURE = "/verify/document/advice", "/verify/document/photo"


def dark(seed: int = 1) -> bytes:
    out = io.BytesIO()
    ImageEnhance.Brightness(Image.open(io.BytesIO(photo(seed)))).enhance(0.1).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def client(invitation: Invitation) -> Client:
    return agreed(invitation)


@pytest.fixture
def advised(client: Client) -> Client:
    """An applicant whose photo is very dark."""
    give_photo(client, dark())
    return client


def next_page(client: Client) -> str:
    return str(client.get("/verify/").headers["Location"])


def use_anyway(client: Client, document: Document | None = None) -> Any:
    return client.post(ADVICE_PAGE, {"document": (document or Document.objects.get()).public_id})


def test_a_good_photo_goes_straight_on(client: Client) -> None:
    give_photo(client)
    assert (next_page(client), Document.objects.get().advice) == ("/verify/capture", [])
    assert client.get(ADVICE_PAGE).headers["Location"] == "/verify/"


def test_a_dark_photo_is_kept_and_the_applicant_is_told_with_two_ways_on(advised: Client) -> None:
    assert next_page(advised) == ADVICE_PAGE
    page = advised.get(ADVICE_PAGE).content.decode()
    for words in (
        "The photo is very dark",
        "Take another photo",
        "Use it anyway",
        "We may be wrong",
        PICTURE,
    ):
        assert words in page
    assert advised.get("/verify/capture").headers["Location"] == "/verify/"


def test_using_it_anyway_leads_on_and_is_recorded(advised: Client) -> None:
    assert use_anyway(advised).status_code == 302
    assert next_page(advised) == "/verify/capture"
    use_anyway(advised)
    document, event = Document.objects.get(), AuditEvent.objects.get(kind="document.used_anyway")
    assert document.used_anyway_at == event.at
    assert event.data == {"document": document.public_id, "advice": ["dark"]}
    assert AuditEvent.objects.get(kind="document.uploaded").data["advice"] == ["dark"]


def test_another_photo_leads_on_and_takes_the_advice_away(advised: Client) -> None:
    first = Document.objects.get()
    give_photo(advised)
    assert next_page(advised) == "/verify/capture"
    use_anyway(advised, first)
    first.refresh_from_db()
    assert first.used_anyway_at is None, "an old page of it says nothing about what was replaced"


def test_advice_bars_no_recording_that_is_asked_for_on_a_page_of_before(advised: Client) -> None:
    assert draw(advised)["attempt"].startswith("att_")


def test_after_such_a_recording_failed_the_way_to_the_next_one_leads_past_the_advice(advised: Client) -> None:
    draw(advised)
    Verification.objects.update(hint="record_again")
    assert advised.get("/verify/status").status_code == 200
    assert advised.get("/verify/capture", follow=True).redirect_chain[-1][0] == ADVICE_PAGE
    use_anyway(advised)
    assert next_page(advised) == "/verify/status"
    assert advised.get("/verify/capture").status_code == 200


def test_only_the_browser_that_sent_the_photo_sees_it(advised: Client, invitation: Invitation) -> None:
    answer = advised.get(PICTURE)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        *(200, "image/jpeg"),
        "no-store",
    )
    other = opened(invitation)
    assert other.get(PICTURE).status_code == 409
    other.post("/verify/take-over")
    assert other.get(PICTURE).status_code == 404
    page = other.get(ADVICE_PAGE).content.decode()
    assert "Use it anyway" in page
    assert PICTURE not in page


def test_the_photo_is_shown_only_while_the_choice_is_open(advised: Client) -> None:
    use_anyway(advised)
    assert advised.get(PICTURE).status_code == 404


@pytest.mark.parametrize(
    ("error", "reason"),
    [(media.UnusableMedia("media_timeout"), "media_timeout"), (media.MediaUnavailable("busy"), "busy")],
)
def test_advice_that_can_not_be_had_keeps_nobody_and_is_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fails(jpeg: bytes) -> None:
        raise error

    monkeypatch.setattr(media, "advise_on_photo", fails)
    with capture_logs() as logs:
        give_photo(client)
    assert next_page(client) == "/verify/capture"
    told = {"event": "photo.not_looked_at", "log_level": "warning", "reason": reason}
    assert told.items() <= next(line for line in logs if line["event"] == told["event"]).items()
    assert Document.objects.get().facts["advice"] == {"codes": [], "not_looked_at": reason}


def signals(case: Verification) -> list[Any]:
    page = dossier.gather(case, number="", now=NOW)
    return [signal for signal in page["signals"] if signal.code == "photo_advice"]


def test_the_reviewer_sees_what_was_told_and_what_the_person_chose(advised: Client) -> None:
    case = Verification.objects.get()
    (before,) = signals(case)
    assert before.seen == "very dark; the applicant has not said whether to keep it"
    use_anyway(advised)
    (after,) = signals(case)
    assert after.seen == "very dark; the applicant was told and used it anyway, 23 Nov 09:00"
    give_photo(advised)
    assert signals(case) == []


def test_the_case_page_tells_what_was_done_to_the_photo(client: Client) -> None:
    give_photo(client, photo() + bytes(9))
    facts = dict(dossier.gather(Verification.objects.get(), number="", now=NOW)["photo_facts"])
    assert (facts["source format"], facts["notes"]) == ("JPEG", "camera_extras_removed")
    assert facts["advice: measures: light"].isdecimal()
    assert "advice: codes" not in facts, "a list of nothing is not shown"


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_every_advice_has_words_for_the_applicant_and_for_the_reviewer(code: str) -> None:
    assert code in WORDS
    assert code in photo_signals._SEEN

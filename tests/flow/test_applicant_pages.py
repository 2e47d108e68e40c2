"""The applicant's pages without JavaScript: links, consent, photo, waiting, refusals."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.applicant import Applicant
from tests.conftest import NOW, Road, photo
from tests.flow.races import meanwhile
from verification import consent_text, links
from verification.actions import bind
from verification.actions.invite import Invitation
from verification.models import AuditEvent, Consent, Document, Verification
from verification.pages import errors
from verification.states import Status

pytestmark = pytest.mark.usefixtures("clock")


def path_of(invitation: Invitation) -> str:
    return invitation.link.removeprefix("http://testserver")


def opened(invitation: Invitation, **options: Any) -> Client:
    client = Applicant(**options)
    client.get(path_of(invitation))
    return client


def shown_hash(client: Client) -> str:
    found = re.search(r'name="text_sha256" value="(\w{64})"', client.get("/verify/consent").content.decode())
    assert found
    return found[1]


def agree(client: Client) -> Any:
    answer = {"answer": "agree", "agree": "yes", "text_sha256": shown_hash(client)}
    return client.post("/verify/consent", answer)


def agreed(invitation: Invitation) -> Client:
    """An applicant's browser at the photo step."""
    client = opened(invitation)
    agree(client)
    return client


def give_photo(client: Client, data: bytes | None = None, name: str = "id.jpg") -> Any:
    return client.post(
        "/verify/document", {"photo": SimpleUploadedFile(name, photo() if data is None else data)}
    )


@pytest.fixture
def client(invitation: Invitation) -> Client:
    return opened(invitation)


def case(invitation: Invitation) -> Verification:
    return Verification.objects.get(pk=invitation.verification.pk)


# Links


def test_the_link_becomes_a_cookie_and_an_address_without_the_token(invitation: Invitation) -> None:
    response = Client().get(path_of(invitation))
    assert response.headers["Location"] == "/verify/?opened=1"
    cookie = response.cookies[links.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert invitation.link[-43:] not in cookie.value


def test_opening_a_link_changes_nothing(invitation: Invitation) -> None:
    events, before = AuditEvent.objects.count(), Verification.objects.values().get()
    for client in (Client(), Client()):
        client.get(path_of(invitation), follow=True)
        client.head(path_of(invitation))
    assert Verification.objects.values().get() == before
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 42, "%00" * 43, "a/b", "é" * 43, "A" * 3000])
def test_unknown_links_all_show_one_page(db: None, token: str) -> None:
    assert "This link does not work" in refused_page(Client(), f"/v/{token}")


def refused_page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 404
    return re.sub(r"[0-9a-f]{12}", "…", response.content.decode())


def test_unknown_revoked_and_expired_links_can_not_be_told_apart(road: Road) -> None:
    revoked, expired = road.invitation(), road.invitation()
    Verification.objects.filter(pk=revoked.verification.pk).update(link_revoked_at=NOW)
    Verification.objects.filter(pk=expired.verification.pk).update(link_expires_at=NOW)
    pages = {refused_page(Client(), path) for path in (path_of(revoked), path_of(expired), "/v/unknown")}
    assert len(pages) == 1


def test_a_session_ends_with_its_link(invitation: Invitation, client: Client) -> None:
    Verification.objects.update(link_revoked_at=NOW)
    assert refused_page(client, "/verify/consent") == refused_page(Client(), "/v/unknown")
    assert client.get("/verify/status.json").json()["error"]["code"] == "unknown_link"


def test_an_altered_cookie_opens_nothing(client: Client) -> None:
    client.cookies[links.COOKIE] = client.cookies[links.COOKIE].value[:-1]
    assert client.get("/verify/").status_code == 404


# The right step


def test_every_step_leads_to_the_one_the_case_has_come_to(client: Client) -> None:
    for path in ("/verify/", "/verify/document", "/verify/capture", "/verify/status"):
        assert client.get(path, follow=True).redirect_chain[-1][0] == "/verify/consent"
    agree(client)
    for path in ("/verify/", "/verify/consent", "/verify/capture", "/verify/status"):
        assert client.get(path, follow=True).redirect_chain[-1][0] == "/verify/document"
    give_photo(client)
    assert client.get("/verify/").headers["Location"] == "/verify/capture"
    assert b'data-step="document"' in client.get("/verify/document").content


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused_with_a_page(client: Client, method: str) -> None:
    response = getattr(client, method)("/verify/consent")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert b"<h1" in response.content


# Consent


def test_agreeing_records_the_very_words_that_were_shown(client: Client) -> None:
    text = shown_hash(client)
    assert agree(client).headers["Location"] == "/verify/"
    consent = Consent.objects.get()
    assert (consent.given, consent.text_version, consent.text_sha256) == (True, consent_text.VERSION, text)
    assert (consent.locale, consent.ip_address) == ("en", "127.0.0.1")


def test_the_text_names_region_time_and_another_way(client: Client) -> None:
    page = client.get("/verify/consent").content.decode()
    for words in (
        "Tencent Cloud in Singapore",
        "365 days",
        "no sound",
        "Our staff may look at your photo",
        "without a camera",
    ):
        assert words in page
    assert "checked" not in page


def test_without_the_tick_the_page_comes_back_and_says_so(invitation: Invitation, client: Client) -> None:
    response = client.post("/verify/consent", {"answer": "agree", "text_sha256": shown_hash(client)})
    assert response.status_code == 422
    assert "tick the box" in response.content.decode()
    assert case(invitation).status == Status.INVITED


def test_words_that_have_changed_are_shown_again(invitation: Invitation, client: Client) -> None:
    response = client.post("/verify/consent", {"answer": "agree", "agree": "yes", "text_sha256": "0" * 64})
    assert response.status_code == 422
    assert "These terms have changed" in response.content.decode()
    assert case(invitation).status == Status.INVITED


def test_refusing_takes_one_more_step_and_ends_cleanly(invitation: Invitation, client: Client) -> None:
    assert "Stop the check?" in client.get("/verify/consent?answer=refuse").content.decode()
    assert case(invitation).status == Status.INVITED
    answer = {"answer": "refuse", "text_sha256": shown_hash(client)}
    page = client.post("/verify/consent", answer, follow=True).content.decode()
    assert 'data-outcome="closed"' in page
    assert (case(invitation).status, Consent.objects.get().given) == (Status.CONSENT_REFUSED, False)


def test_sending_an_answer_twice_is_no_fault(client: Client) -> None:
    answer = {"answer": "agree", "agree": "yes", "text_sha256": shown_hash(client)}
    for _ in range(2):
        assert client.post("/verify/consent", answer).headers["Location"] == "/verify/"
    assert Consent.objects.count() == 1


# One browser at a time


def test_the_first_answer_binds_the_case_to_its_browser(invitation: Invitation, client: Client) -> None:
    other = opened(invitation)
    agree(client)
    for response in (other.get("/verify/"), other.get("/verify/document"), give_photo(other)):
        assert response.status_code == 409
        assert "Continue here instead" in response.content.decode()
        assert str(errors.LINK_IN_USE.words) in response.content.decode()
    assert other.get("/verify/status.json").json()["error"]["code"] == "link_in_use"
    assert not Document.objects.exists()


def test_a_person_may_go_on_in_another_browser(invitation: Invitation, client: Client) -> None:
    other = opened(invitation)
    agree(client)
    assert other.post("/verify/take-over", follow=True).redirect_chain[-1][0] == "/verify/document"
    assert client.get("/verify/document").status_code == 409
    assert AuditEvent.objects.filter(kind="link.taken_over").count() == 1


def test_the_same_browser_may_open_its_link_again(invitation: Invitation, client: Client) -> None:
    agree(client)
    client.get(path_of(invitation))
    assert client.get("/verify/document").status_code == 200


def test_taking_over_without_a_session_is_refused(db: None) -> None:
    assert Client().post("/verify/take-over").status_code == 404


def test_two_browsers_that_begin_at_once_do_not_both_get_in(
    invitation: Invitation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"answer": "agree", "agree": "yes", "text_sha256": shown_hash(client)}
    meanwhile(monkeypatch, bind, "bind", lambda: Verification.objects.update(browser_hash="f" * 64))
    assert client.post("/verify/consent", answer).status_code == 409
    assert case(invitation).status == Status.INVITED


def test_a_case_that_moves_under_a_request_leads_to_its_step(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"answer": "agree", "agree": "yes", "text_sha256": shown_hash(client)}
    meanwhile(monkeypatch, bind, "bind", lambda: Verification.objects.update(version=7))
    assert client.post("/verify/consent", answer).headers["Location"] == "/verify/"
    assert not Consent.objects.exists()


@pytest.mark.parametrize("locale", ["xx-YY", "../../x", "", "en-GB"])
def test_a_language_without_texts_falls_back(road: Road, locale: str) -> None:
    client = opened(road.invitation(locale=locale))
    assert '<html lang="en"' in client.get("/verify/consent").content.decode()


@pytest.mark.parametrize(
    ("word", "noted"),
    [("scaled", ["scaled_in_browser"]), ("converted", ["converted_in_browser"]), ("", []), ("<b>x</b>", [])],
)
def test_what_the_page_did_to_a_photo_is_noted(client: Client, word: str, noted: list[str]) -> None:
    agree(client)
    client.post("/verify/document", {"photo": SimpleUploadedFile("id.jpg", photo()), "change": word})
    notes = Document.objects.get().facts["notes"]
    assert [note for note in notes if note.endswith("in_browser")] == noted


def test_the_photo_page_speaks_of_no_button_that_may_not_be_there(client: Client) -> None:
    agree(client)
    page = give_photo(client, b"%PDF-1.7" + bytes(90))
    assert page.status_code == 415
    shown = re.search(r'id="fault">([^<]*)<', page.content.decode())
    assert shown
    assert "Take a photo" not in shown[1]

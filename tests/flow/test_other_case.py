"""Several links in one browser: what a page sends lands in its own case or nowhere, and no link replaces another."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.applicant import Applicant
from tests.conftest import NOW, Road, photo
from tests.flow.test_applicant_pages import agree, case, give_photo, opened, path_of
from tests.flow.test_uploads_in_parts import draw, finish, put, recording
from verification import links
from verification.actions import link as applicant_link
from verification.actions.invite import Invitation
from verification.audit import By
from verification.models import AuditEvent, Consent, Document, RecordingPart, Verification
from verification.states import Status

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def mine(road: Road) -> Invitation:
    return road.invitation()


@pytest.fixture
def theirs(road: Road) -> Invitation:
    return road.invitation()


@pytest.fixture
def client(mine: Invitation) -> Client:
    """My browser, with my link open."""
    return opened(mine)


def switch(client: Client, invitation: Invitation, **options: Any) -> None:
    """Opens a link and, if asked, chooses to continue with it."""
    if client.get(path_of(invitation)).status_code == 200:
        assert client.post(path_of(invitation), **options).status_code == 302


def form(client: Client, path: str) -> str:
    """The address to which the form of the page sends."""
    found = re.search(r'<form[^>]* action="([^"]+)"', client.get(path).content.decode())
    assert found
    return found[1]


def addresses(client: Client) -> dict[str, str]:
    """The addresses to which the script of the recording page sends."""
    page = client.get("/verify/capture").content.decode()
    return dict(re.findall(r'data-(challenge|recording|parts|home)="([^"]+)"', page))


def a_photo() -> dict[str, Any]:
    return {"photo": SimpleUploadedFile("id.jpg", photo())}


@pytest.fixture
def stale_form(client: Client, theirs: Invitation) -> str:
    """The address of my case's form for the photo, after the browser went on with theirs."""
    agree(client)
    address = form(client, "/verify/document")
    switch(client, theirs)
    agree(client)
    return address


# The mark


def test_a_photo_sent_from_a_page_of_the_earlier_case_lands_in_neither(
    client: Client, stale_form: str, mine: Invitation, theirs: Invitation
) -> None:
    response = client.post(stale_form, a_photo())
    assert (response.status_code, Document.objects.count()) == (409, 0)
    page = response.content.decode()
    assert theirs.verification.public_id in page
    assert mine.verification.public_id not in page
    assert case(theirs).received_bytes == 0


def test_the_same_page_works_again_once_its_own_link_is_open(
    client: Client, stale_form: str, mine: Invitation
) -> None:
    switch(client, mine)
    assert client.post(stale_form, a_photo()).headers["Location"] == "/verify/"
    assert Document.objects.get().verification == mine.verification


def test_a_photo_that_is_too_large_is_not_answered_with_the_form_of_the_other_case(
    client: Client, stale_form: str
) -> None:
    response = client.post(stale_form, {"photo": SimpleUploadedFile("id.jpg", bytes(11_000_000))})
    assert (response.status_code, b"<form" in response.content) == (409, False)


def test_consent_given_on_a_page_of_the_earlier_case_is_nobodys(client: Client, theirs: Invitation) -> None:
    my_form = form(client, "/verify/consent")
    text = re.search(r'name="text_sha256" value="(\w{64})"', client.get("/verify/consent").content.decode())
    assert text
    switch(client, theirs)
    for answer in ("agree", "refuse"):
        fields = {"answer": answer, "agree": "yes", "text_sha256": text[1]}
        assert client.post(my_form, fields).status_code == 409
    assert not Consent.objects.exists()
    assert case(theirs).browser_hash == ""


def test_a_page_that_offers_to_take_a_case_over_takes_over_no_other(
    client: Client, mine: Invitation, theirs: Invitation
) -> None:
    agree(client)
    agree(opened(theirs))
    elsewhere = opened(mine)
    page = elsewhere.get("/verify/").content.decode()
    (take_over,) = re.findall(r' action="([^"]+)"', page)
    switch(elsewhere, theirs)
    assert elsewhere.post(take_over).status_code == 409
    assert not AuditEvent.objects.filter(kind="link.taken_over").exists()


@pytest.fixture
def recorded(client: Client) -> dict[str, Any]:
    """A recording for my case is drawn, filmed and partly sent."""
    agree(client)
    give_photo(client)
    drawn = draw(client)
    put(client, drawn, 0)
    return {**drawn, **addresses(client)}


def test_a_recording_goes_into_no_other_case(
    client: Client, recorded: dict[str, Any], theirs: Invitation
) -> None:
    switch(client, theirs)
    agree(client)
    give_photo(client)
    parts = RecordingPart.objects.count()
    answers = [
        client.post(recorded["challenge"]),
        client.put(recorded["parts"], recording()[:1000], "application/octet-stream"),
        client.post(recorded["recording"], {"attempt": recorded["attempt"], "nonce": recorded["nonce"]}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "other_case")
        explained = client.get(answer.json()["next"])
        assert (explained.status_code, theirs.verification.public_id in explained.content.decode()) == (
            409,
            True,
        )
    assert RecordingPart.objects.count() == parts
    assert not case(theirs).attempts.exists()


def test_a_challenge_of_one_case_opens_nothing_in_another(
    client: Client, recorded: dict[str, Any], theirs: Invitation
) -> None:
    switch(client, theirs)
    agree(client)
    give_photo(client)
    for answer in (put(client, recorded, 9_000), finish(client, recorded)):
        assert answer.json()["error"]["code"] == "unknown_challenge"


def test_an_upload_in_parts_goes_on_when_its_case_is_open_again(
    client: Client, recorded: dict[str, Any], mine: Invitation, theirs: Invitation
) -> None:
    switch(client, theirs)
    agree(client)
    switch(client, mine)
    assert put(client, recorded, 9_000).status_code == 204


def test_what_is_sent_without_a_mark_is_refused(client: Client) -> None:
    plain = Client()
    plain.cookies = client.cookies
    for path in ("/verify/consent", "/verify/document", "/verify/take-over"):
        response = plain.post(path, a_photo())
        assert (response.status_code, b"This page was open too long" in response.content) == (403, True)
    for path in ("/verify/challenge", "/verify/recording", "/verify/recording/parts"):
        send = plain.put if path.endswith("parts") else plain.post
        assert send(path).json()["error"]["code"] == "csrf_failed"


def test_a_page_that_comes_back_from_memory_does_not_turn_into_one_of_the_other_case(
    client: Client, theirs: Invitation
) -> None:
    """The script loads a page that the browser restores again, with its mark."""
    agree(client)
    mark = re.search(r'<body data-case="(\w+)"', client.get("/verify/document").content.decode())
    assert mark
    assert client.get(f"/verify/document?case={mark[1]}").status_code == 200
    switch(client, theirs)
    assert client.get(f"/verify/document?case={mark[1]}").status_code == 409


def test_a_page_that_waits_is_told_that_another_case_is_open(
    client: Client, road: Road, mine: Invitation, theirs: Invitation
) -> None:
    agree(client)
    give_photo(client)
    road.submit(case(mine))
    page = client.get("/verify/status").content.decode()
    polled = re.search(r'data-poll="([^"]+)"', page)
    reloaded = re.search(r'http-equiv="refresh" content="5; url=([^"]+)"', page)
    assert polled
    assert reloaded
    assert client.get(polled[1]).json()["outcome"] == "checking"
    switch(client, theirs)
    assert client.get(polled[1]).json()["error"]["code"] == "other_case"
    assert client.get(reloaded[1]).status_code == 409


def test_the_mark_tells_nothing_of_the_case(mine: Invitation, theirs: Invitation) -> None:
    mark = links.mark(mine.verification)
    assert re.fullmatch("[0-9a-f]{16}", mark)
    verification = mine.verification
    assert mark not in "".join((verification.public_id, verification.link_hash, mine.link))
    assert mark != links.mark(theirs.verification)


def test_every_form_sends_the_mark() -> None:
    forms = {
        (template.stem, found)
        for template in Path("templates/pages").rglob("*.html")
        for found in re.findall(r'<form[^>]*method="post"[^>]*>', template.read_text())
    }
    # The question about another link is sent to the link itself.
    assert {template for template, found in forms if "?case={{ mark }}" not in found} == {"replace"}


# The question


def test_a_second_link_asks_before_it_replaces_the_first(
    client: Client, mine: Invitation, theirs: Invitation
) -> None:
    response = client.get(path_of(theirs))
    page = response.content.decode()
    assert (response.status_code, links.COOKIE in response.cookies) == (200, False)
    assert "Which check do you want to do?" in page
    assert mine.verification.public_id in page
    agree(client)
    assert (case(mine).status, case(theirs).status) == (Status.COLLECTING, Status.INVITED)


def test_the_question_gives_its_address_to_no_log(client: Client, theirs: Invitation) -> None:
    assert client.get(path_of(theirs)).headers["Referrer-Policy"] == "strict-origin"


def test_who_chooses_the_new_link_goes_on_with_it(client: Client, theirs: Invitation) -> None:
    switch(client, theirs)
    agree(client)
    assert case(theirs).status == Status.COLLECTING


def test_who_comes_back_to_the_first_link_is_no_other_browser(
    client: Client, mine: Invitation, theirs: Invitation
) -> None:
    agree(client)
    switch(client, theirs)
    agree(client)
    switch(client, mine)
    assert client.get("/verify/document").status_code == 200
    switch(client, theirs)
    assert client.get("/verify/document").status_code == 200


def test_the_cookie_stays_small_however_many_links_are_opened(client: Client, road: Road) -> None:
    for _ in range(8):
        switch(client, road.invitation())
    assert len(client.cookies[links.COOKIE].value) < 1000


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}], ids=["no token", "other site"])
def test_another_site_can_not_answer_the_question(
    mine: Invitation, theirs: Invitation, headers: dict[str, str]
) -> None:
    client = opened(mine, enforce_csrf_checks=True)
    client.get("/verify/consent")
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value} if headers else {}
    assert client.post(path_of(theirs), token, headers=headers).status_code == 403
    assert mine.verification.public_id in client.get("/verify/consent").content.decode()


def ended(invitation: Invitation) -> None:
    Verification.objects.filter(pk=invitation.verification.pk).update(status=Status.CANCELLED)


def expired(invitation: Invitation) -> None:
    Verification.objects.filter(pk=invitation.verification.pk).update(
        link_expires_at=NOW - timedelta(minutes=1)
    )


def renewed(invitation: Invitation) -> None:
    applicant_link.renew(invitation.verification, by=By.shell(), now=NOW)


def lost(invitation: Invitation) -> None:
    other = opened(invitation)
    agree(other)


@pytest.mark.parametrize("over", [ended, expired, renewed, lost])
def test_a_case_with_which_nobody_can_go_on_here_is_replaced_without_a_question(
    client: Client, mine: Invitation, theirs: Invitation, over: Callable[[Invitation], None]
) -> None:
    over(mine)
    assert client.get(path_of(theirs)).status_code == 302


def test_the_same_link_asks_nothing(client: Client, mine: Invitation) -> None:
    agree(client)
    assert client.get(path_of(mine)).status_code == 302


# Who decides which case is open


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "empty"},
    ],
    ids=lambda headers: "-".join(headers.values()),
)
def test_a_page_that_only_loads_a_link_opens_no_case(mine: Invitation, headers: dict[str, str]) -> None:
    response = Applicant().get(path_of(mine), headers=headers)
    assert (response.status_code, links.COOKIE in response.cookies) == (503, False)


def test_asking_for_the_head_of_a_link_opens_no_case(mine: Invitation) -> None:
    assert links.COOKIE not in Client().head(path_of(mine)).cookies


def test_a_click_on_another_site_opens_the_link(mine: Invitation) -> None:
    clicked = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}
    assert links.COOKIE in Client().get(path_of(mine), headers=clicked).cookies


def test_a_cookie_that_was_put_there_before_gives_nobody_access(mine: Invitation) -> None:
    """Somebody with a copy of the link puts the cookie that they got into the person's browser."""
    thief, person = opened(mine), Applicant()
    person.cookies[links.COOKIE] = thief.cookies[links.COOKIE].value
    person.get(path_of(mine))
    agree(person)
    assert person.get("/verify/document").status_code == 200
    assert thief.get("/verify/document").status_code == 409


def test_two_cases_of_one_browser_share_no_key(client: Client, theirs: Invitation) -> None:
    agree(client)
    switch(client, theirs)
    agree(client)
    assert len(set(Verification.objects.values_list("browser_hash", flat=True))) == 2


def test_a_cookie_of_the_version_before_goes_on_working(client: Client, mine: Invitation) -> None:
    agree(client)
    kept = links.read_session(client.cookies[links.COOKIE].value)
    assert kept
    texts = [kept.verification_id, kept.link, kept.browser]
    client.cookies[links.COOKIE] = signing.dumps(texts, salt=links._SALT)
    assert client.get("/verify/document").status_code == 200


# Staff in the same browser


def test_a_reviewer_who_opens_a_link_stays_signed_in(
    signed_in: Callable[[], Client], mine: Invitation
) -> None:
    client = signed_in()
    before = client.cookies["sessionid"].value
    client.get(path_of(mine))
    consent = form(client, "/verify/consent")
    assert client.post(consent, {"answer": "agree"}).status_code == 422
    assert case(mine).browser_hash
    assert client.cookies["sessionid"].value == before
    assert client.get("/admin/").status_code == 200


def test_signing_out_of_the_staff_site_leaves_the_check_open(
    signed_in: Callable[[], Client], mine: Invitation
) -> None:
    client = signed_in()
    client.get(path_of(mine))
    response = client.post("/admin/logout/")
    assert response.status_code == 302
    assert not re.search(r'"(cookies|\*)"', response.headers.get("Clear-Site-Data", ""))
    assert client.get("/verify/consent").status_code == 200

"""The pages of the applicant's steps are compressed, and hold nothing of the request: no size tells a secret."""

import gzip
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from kyc_portal.compression import COMPRESSED
from tests.conftest import Road
from tests.flow.test_applicant_pages import agree, give_photo, opened
from verification.actions.invite import Invitation

pytestmark = pytest.mark.usefixtures("clock")

CANARY = "canary-of-the-request"
SENT = {
    "HTTP_USER_AGENT": CANARY,
    "HTTP_REFERER": f"http://testserver/{CANARY}",
    "HTTP_ACCEPT_LANGUAGE": CANARY,
    "HTTP_X_REQUEST_ID": CANARY,
    "HTTP_X_FORWARDED_FOR": CANARY,
}
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]+')
PATHS = ("/verify/consent", "/verify/document", "/verify/capture", "/verify/status")


def at(path: str, invitation: Invitation, road: Road) -> Client:
    """The applicant's browser when this page is the next one."""
    client = opened(invitation)
    steps = PATHS.index(path)
    if steps > 0:
        agree(client)
    if steps > 1:
        give_photo(client)
    if steps > 2:
        invitation.verification.refresh_from_db()
        road.submit(invitation.verification)
    return client


def zipped(client: Client, path: str, data: Any = None, **headers: Any) -> Any:
    return client.get(path, data, HTTP_ACCEPT_ENCODING="gzip, br", **headers)


def test_these_are_all_that_are_compressed() -> None:
    assert {resolve(path).view_name for path in PATHS} == COMPRESSED


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_compressed_and_holds_nothing_of_the_request(
    invitation: Invitation, road: Road, path: str
) -> None:
    client = at(path, invitation, road)
    plain = client.get(path)
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
    sent = zipped(client, path, {"q": CANARY, "next": CANARY, "answer": CANARY}, **SENT)
    assert (sent["Content-Encoding"], int(sent["Content-Length"])) == ("gzip", len(sent.content))
    assert len(sent.content) < len(plain.content) / 2.5
    page, before = gzip.decompress(sent.content).decode(), plain.content.decode()
    assert TOKEN.sub("", page) == TOKEN.sub("", before)
    # The one secret in them is another text in each answer.
    assert TOKEN.search(page) is None or TOKEN.findall(page) != TOKEN.findall(before)


def test_what_answers_something_sent_is_not_compressed(invitation: Invitation, road: Road) -> None:
    client = at("/verify/consent", invitation, road)
    refused = client.post("/verify/consent", {"answer": "agree"}, HTTP_ACCEPT_ENCODING="gzip")
    assert (refused.status_code, refused.has_header("Content-Encoding")) == (422, False)


@pytest.mark.parametrize("path", ["/", "/v/unknown", "/verify/status.json", "/admin/login/", "/api/docs/"])
def test_no_other_page_is_compressed(client: Client, db: None, path: str) -> None:
    assert not zipped(client, path).has_header("Content-Encoding")

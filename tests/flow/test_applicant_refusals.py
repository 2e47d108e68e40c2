"""No bare error pages: refusals are pages for people and JSON for scripts, under one strict CSP."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.utils.crypto import get_random_string

from tests.conftest import Road, photo
from tests.flow.test_applicant_pages import agree, give_photo, opened
from tests.flow.test_applicant_uploads import code_of, draw, send
from verification.models import Document
from verification.pages import errors, steps

pytestmark = pytest.mark.usefixtures("clock")

INLINE = re.compile(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("path", ["/verify/consent", "/verify/document", "/verify/take-over"])
def test_a_form_without_its_token_gets_a_page_with_a_way_on(road: Road, path: str) -> None:
    client = opened(road.invitation(), enforce_csrf_checks=True)
    response = client.post(path, {"photo": SimpleUploadedFile("id.jpg", photo())})
    assert response.status_code == 403
    assert 'data-action="primary" href="/verify/"' in response.content.decode()
    assert not Document.objects.exists()


@pytest.mark.parametrize("path", ["/verify/challenge", "/verify/recording"])
def test_a_script_without_its_token_gets_json(road: Road, path: str) -> None:
    client = opened(road.invitation(), enforce_csrf_checks=True)
    response = client.post(path)
    assert code_of(response) == (403, "csrf_failed")
    assert response.json()["next"] == "/verify/"


def test_a_script_goes_on_with_the_cookie_when_the_token_of_its_page_is_old(road: Road) -> None:
    client = opened(road.invitation(), enforce_csrf_checks=True)
    client.get("/verify/consent")
    assert not client.cookies["csrftoken"]["httponly"]
    client.cookies["csrftoken"] = new = get_random_string(32)
    assert code_of(client.post("/verify/challenge", headers={"X-CSRFToken": new})) == (409, "stale")


def test_every_refusal_is_a_page_for_people_and_json_for_systems(db: None) -> None:
    for view in (errors.bad_request, errors.forbidden, errors.not_found, errors.server_error):
        page, answer = (view(RequestFactory().get(path)) for path in ("/nothing", "/api/v1/nothing"))
        assert b"<h1" in page.content
        assert set(json.loads(answer.content)["error"]) == {"code", "message", "field", "request_id"}
        assert page.status_code == answer.status_code


def test_staff_are_not_taken_for_applicants(db: None) -> None:
    views = (errors.bad_request, errors.forbidden, errors.not_found, errors.server_error, errors.csrf_failure)
    for view in views:
        page = view(RequestFactory().get("/admin/nothing")).content.decode()
        assert 'href="/admin/"' in page
        assert not any(words in page for words in ("your message", "sent you the link", 'href="/verify/"'))


def test_a_failure_shows_a_page_with_its_reference(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened(road.invitation())
    monkeypatch.setattr(steps, "current", lambda verification: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/verify/")
    assert response.status_code == 500
    assert response.headers["X-Request-Id"] in response.content.decode()


def test_every_page_keeps_to_the_policy(road: Road) -> None:
    client = opened(road.invitation())
    pages = [
        client.get(path)
        for path in ("/", "/verify/consent", "/verify/consent?answer=refuse", "/v/x", "/nothing")
    ]
    agree(client)
    pages += [
        client.get("/verify/document"),
        give_photo(client, b""),
        give_photo(client),
        client.get("/verify/capture"),
    ]
    send(client, draw(client))
    pages += [client.get("/verify/status"), client.get("/verify/status.json")]
    for page in pages:
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert not INLINE.search(page.content.decode())

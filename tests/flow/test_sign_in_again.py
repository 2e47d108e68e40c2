"""Re-authentication on every kind of page, and sign-in requests that no page of the portal sends."""

from typing import Any

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory

from tests.flow.conftest import LATER, code_at, give_code, give_password
from verification.models import AuditEvent
from verification.review.sign_in import fresh
from verification.review.sign_in.adapters import StaffAdapter

pytestmark = pytest.mark.usefixtures("an_hour_later")
POLICY = "/admin/policies/3/activate"


@pytest.fixture
def asked(rosa):
    """A request of Rosa, who signed in some time ago."""

    def make(method, user=rosa, **headers):
        request: Any = RequestFactory().generic(method, POLICY, headers=headers)
        request.user, request.session = user, SessionStore()
        request._messages = FallbackStorage(request)
        return request

    return make


def answer(request):
    with request_context(request):
        return fresh(lambda request: HttpResponse("done"))(request)


def test_a_page_that_asks_leads_back_to_itself(asked):
    request = asked("GET")
    assert answer(request).url == "/admin/account/confirm/?next=%2Fadmin%2Fpolicies%2F3%2Factivate"
    assert not list(get_messages(request))


@pytest.mark.parametrize(
    ("came_from", "then"),
    [
        ("http://testserver/admin/policies/?draft=3", "%2Fadmin%2Fpolicies%2F%3Fdraft%3D3"),
        ("http://testserver.evil.example/admin/", "%2Fadmin%2Fpolicies%2F3%2Factivate"),
        ("http://testserver/v/link", "%2Fadmin%2Fpolicies%2F3%2Factivate"),
        ("", "%2Fadmin%2Fpolicies%2F3%2Factivate"),
    ],
)
def test_a_form_that_asks_leads_back_to_the_page_it_was_on(asked, came_from, then):
    request = asked("POST", Referer=came_from)
    assert answer(request).url == f"/admin/account/confirm/?next={then}"
    assert "Nothing was changed" in str(next(iter(get_messages(request))))


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_passkey_opens_for_active_staff_only(asked, rosa, change):
    request = asked("POST")
    with request_context(request):
        adapter = StaffAdapter(request)
        assert adapter.pre_login(request, rosa) is None
        for name, value in change.items():
            setattr(rosa, name, value)
        assert adapter.pre_login(request, rosa)["Location"] == "/admin/login/"


def test_nobody_signs_up(asked):
    assert not StaffAdapter(None).is_open_for_signup(asked("GET"))


def test_signing_out_who_is_not_signed_in_is_no_event(asked):
    logout(asked("POST", user=AnonymousUser()))
    assert not AuditEvent.objects.filter(kind="staff.signed_out").exists()


def test_an_operator_lets_go_of_an_address(client, rosa):
    for _ in range(5):
        give_password(client, password="wrong")
    call_command("axes_reset_ip", "127.0.0.1")
    assert give_password(client).url == "/admin/"


def test_with_another_second_step_left_one_stays_in(client, with_app, settings):
    settings.STAFF_MFA = "required"
    give_password(client)
    give_code(client, code_at(LATER))
    Authenticator.objects.create(user=with_app, type="webauthn", data={"name": "Key", "credential": {}})
    assert client.post("/admin/account/two-step/app/remove/").status_code == 302
    assert client.get("/admin/account/sessions/").status_code == 200
    assert Authenticator.objects.filter(type="recovery_codes").exists()

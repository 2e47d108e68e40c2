"""An operator makes and revokes the keys of systems on pages; each key is shown once, and the page says who made it."""

import re

import pytest
from django.test import Client

from tests.conftest import NOW
from tests.flow.conftest import text_of
from verification import audit
from verification.actions import api_client
from verification.models import ApiClient, ApiKey, AuditEvent

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]

LIST = "/admin/clients/"
SCOPES = ["verifications:read"]
KEY = re.compile(r"kyc_live_[A-Za-z0-9_-]{43}")


@pytest.fixture
def crm():
    return api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW).record.client


def act(desk, client, path, **fields):
    return desk.post(f"{LIST}{client.public_id}/{path}", fields)


def key_on(answer):
    (key,) = set(KEY.findall(text_of(answer)))
    return key


def status_of_call(key):
    header = {"Authorization": f"Bearer {key}"}
    return Client().get("/api/v1/verifications/ver_aaaaaaaaaaaaaaaaaaaaaaaa", headers=header).status_code


def test_a_client_is_made_with_a_key_that_is_shown_once_and_works(olga):
    answer = olga.post(f"{LIST}new", {"name": "CRM", "scopes": SCOPES, "days": "30"})
    key = key_on(answer)
    assert answer["Cache-Control"].startswith("no-store")
    assert status_of_call(key) == 404
    made = ApiKey.objects.get()
    assert (made.client.name, made.scopes, made.expires_at is not None) == ("CRM", SCOPES, True)
    page = text_of(olga.get(f"{LIST}{made.client.public_id}/"))
    assert made.prefix in page
    assert not KEY.search(page)
    assert [event.actor_id for event in AuditEvent.objects.filter(kind__startswith="api_")] == [
        "olga",
        "olga",
    ]


def test_the_page_says_who_made_and_revoked_what(olga, crm):
    key_on(act(olga, crm, "key", scopes=SCOPES))
    act(olga, crm, f"keys/{crm.keys.earliest('pk').pk}/revoke")
    page = text_of(olga.get(f"{LIST}{crm.public_id}/"))
    for words in ("API client created", "API key issued", "API key revoked", "olga", "Command line"):
        assert words in page


def test_a_revoked_key_is_refused_at_once_and_the_others_go_on(olga, crm):
    first, second = (key_on(act(olga, crm, "key", scopes=SCOPES)) for _ in range(2))
    number = ApiKey.objects.get(prefix=first[:16]).pk
    assert act(olga, crm, f"keys/{number}/revoke").status_code == 302
    assert (status_of_call(first), status_of_call(second)) == (401, 404)
    act(olga, crm, f"keys/{number}/revoke")
    assert AuditEvent.objects.filter(kind="api_key.revoked").count() == 1


def test_a_key_is_revoked_under_its_own_client_only(olga, crm):
    other = api_client.create_client(name="Other", by=audit.By.shell(), now=NOW).record
    assert act(olga, crm, f"keys/{other.pk}/revoke").status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


def test_a_disabled_client_is_refused_and_can_be_enabled_again(olga, crm):
    key = key_on(act(olga, crm, "key", scopes=SCOPES))
    act(olga, crm, "switch", to="off")
    assert status_of_call(key) == 401
    assert "is refused since" in text_of(olga.get(f"{LIST}{crm.public_id}/"))
    act(olga, crm, "switch", to="on")
    assert status_of_call(key) == 404
    act(olga, crm, "switch", to="nowhere")
    kinds = ["api_client.disabled", "api_client.enabled"]
    assert list(AuditEvent.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scopes": SCOPES},
        {"name": "x" * 101, "scopes": SCOPES},
        {"name": "C\u202eRM", "scopes": SCOPES},
        {"name": "CRM", "scopes": []},
        {"name": "CRM", "scopes": ["everything"]},
        {"name": "CRM", "scopes": SCOPES, "days": "0"},
        {"name": "CRM", "scopes": SCOPES, "days": "3651"},
    ],
)
def test_what_makes_no_client_is_refused_and_makes_none(olga, fields):
    assert olga.post(f"{LIST}new", fields).status_code == 422
    assert not ApiClient.objects.exists()


def test_a_name_that_is_taken_is_refused(olga, crm):
    answer = olga.post(f"{LIST}new", {"name": "CRM", "scopes": SCOPES})
    assert answer.status_code == 409
    assert "of this name already" in text_of(answer)
    assert ApiKey.objects.count() == 1


def test_a_senior_reviewer_and_an_auditor_see_the_clients_and_change_nothing(sam, desk_of, crm):
    for desk in (sam, desk_of("Auditor")):
        page = text_of(desk.get(f"{LIST}{crm.public_id}/"))
        assert "CRM" in page
        assert "Make a key" not in page
        assert act(desk, crm, "key", scopes=SCOPES).status_code == 403
        assert act(desk, crm, "switch", to="off").status_code == 403
    assert ApiKey.objects.count() == 1


def test_the_front_office_sees_no_client(desk_of, crm):
    assert desk_of("Front office").get(LIST).status_code == 403

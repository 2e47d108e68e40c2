"""The pages that each group may open, read-only records, and how operators manage staff."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from tests.flow.conftest import LATER, PASSWORD, code_at
from verification.models import AuditEvent, StaffUser
from verification.review.admin.records import RECORDS
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
REVIEWER, SENIOR, AUDITOR, OPERATOR = "Reviewer", "Senior reviewer", "Auditor", "Operator"
GROUPS = (REVIEWER, SENIOR, AUDITOR, OPERATOR)
CASES = {REVIEWER, SENIOR, AUDITOR}
OPERATIONS = {SENIOR, AUDITOR, OPERATOR}
OPENS = {
    "/admin/": set(GROUPS),
    "/admin/queue/": {REVIEWER, SENIOR},
    "/admin/exports/": {AUDITOR},
    "/admin/vendor/": OPERATIONS,
    "/admin/codes/": OPERATIONS,
    "/admin/verification/applicant/": CASES,
    "/admin/verification/verification/": CASES,
    "/admin/verification/consent/": CASES,
    "/admin/verification/document/": CASES,
    "/admin/verification/verificationattempt/": CASES,
    "/admin/verification/review/": CASES,
    "/admin/verification/providercall/": OPERATIONS,
    "/admin/verification/vendoraccount/": OPERATIONS,
    "/admin/verification/policy/": OPERATIONS,
    "/admin/verification/apiclient/": OPERATIONS,
    "/admin/verification/apikey/": OPERATIONS,
    "/admin/verification/cspreport/": OPERATIONS,
    "/admin/verification/auditevent/": {SENIOR, AUDITOR},
    "/admin/verification/export/": {AUDITOR},
    "/admin/staff/": OPERATIONS,
    "/admin/staff/appoint": {OPERATOR},
}


@pytest.mark.parametrize("address", OPENS)
@pytest.mark.parametrize("group", GROUPS)
def test_a_group_opens_what_the_table_says(signed_in, address, group):
    assert signed_in(group).get(address).status_code == (200 if group in OPENS[address] else 403)


@pytest.mark.parametrize("address", OPENS)
def test_whoever_is_not_signed_in_is_asked_to(client, db, address):
    assert client.get(address).url.startswith("/admin/login/")


@pytest.mark.parametrize("address", set(OPENS) - {"/admin/"})
def test_a_superuser_without_a_group_opens_nothing(client, db, address):
    client.force_login(StaffUser.objects.create_superuser("root"))
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("group", GROUPS)
def test_who_opens_a_case(road, emulator, signed_in, group):
    case = road.in_review(emulator)
    response = signed_in(group).get(reverse("admin:case", args=[case.public_id]))
    assert response.status_code == (200 if group in CASES else 403)


def test_no_record_can_be_added_changed_or_deleted(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in(AUDITOR)
    base = f"/admin/verification/verification/{case.pk}/"
    assert client.get("/admin/verification/verification/add/").status_code == 403
    assert client.get(f"{base}delete/").status_code == 403
    assert client.post(f"{base}change/", {"status": "approved"}).status_code == 403


def test_every_record_page_opens_and_holds_no_file_name(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in(AUDITOR)
    names = [case.documents.get().normalised_name, case.attempts.get().normalised_name, case.link_hash]
    for model in RECORDS:
        for found in model._default_manager.all()[:1]:
            address = reverse(f"admin:verification_{model._meta.model_name}_change", args=[found.pk])
            page = client.get(address).content.decode()
            assert not any(name in page for name in names)


@pytest.mark.parametrize("group", GROUPS)
def test_a_record_leads_only_to_what_its_reader_may_open(road, emulator, signed_in, group):
    road.in_review(emulator)
    client, opened = signed_in(group), 0
    for model in RECORDS:
        for found in model._default_manager.all()[:1]:
            address = reverse(f"admin:verification_{model._meta.model_name}_change", args=[found.pk])
            content = client.get(address).content.decode().partition('id="content"')[2]
            assert "None" not in content, model
            links = set(re.findall(r'href="(/admin/[^"]+)"', content))
            opened += len(links)
            for link in links:
                assert client.get(link.replace("&amp;", "&")).status_code == 200, (model, link)
    assert opened


def test_the_record_of_a_case_leads_to_its_events(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in(AUDITOR)
    address = f"/admin/verification/verification/{case.pk}/change/"
    (link,) = re.findall(r'href="(/admin/trail/[^"]+)"', client.get(address).content.decode())
    rows = client.get(link.replace("&amp;", "&")).context["rows"]
    assert {row["subject_id"] for row in rows} == {case.public_id}
    assert "decision.sent_to_review" in {row["kind"] for row in rows}


def test_looking_into_an_applicants_record_is_an_event(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in(AUDITOR)
    client.get(reverse("admin:verification_applicant_change", args=[case.applicant.pk]))
    client.get(reverse("admin:verification_applicant_change", args=[0]))
    event = AuditEvent.objects.get(kind="record.viewed")
    assert (event.subject_id, event.actor_id) == (case.applicant.public_id, "auditor")


@pytest.mark.parametrize("wanted", ["reference", "public_id"])
def test_a_case_is_found_by_its_ids(road, emulator, signed_in, wanted):
    case, other = road.in_review(emulator), road.in_review(emulator)
    text = case.public_id if wanted == "public_id" else case.applicant.reference
    page = signed_in().get("/admin/verification/verification/", {"q": text}).content.decode()
    assert case.public_id in page
    assert other.public_id not in page


def test_the_list_of_all_records_opens(signed_in):
    assert "Audit events" in signed_in(AUDITOR).get("/admin/verification/").content.decode()


# Addresses of forms


HERE = "http://testserver"


def led_on(client, address, came_from=""):
    """Opens the address with `came_from` as Referer; returns its redirect target, and whether a sign-in was noted."""
    headers = {"Referer": came_from} if came_from else {}
    page = client.get(address, headers=headers, follow=True)
    ((there, status),) = page.redirect_chain
    assert (status, page.status_code) == (302, 200)
    return there, "had to sign in first" in page.content.decode()


@pytest.mark.parametrize("form", ["claim", "decide", "release", "reopen"])
def test_a_form_sent_after_the_session_ended_leads_back_to_the_case(road, emulator, client, staff, form):
    case = road.in_review(emulator)
    asked = client.post(reverse(f"admin:{form}", args=[case.public_id]), {"note": "Same scar."})
    client.force_login(staff(SENIOR))
    there = parse_qs(urlsplit(asked.url).query)["next"][0]
    assert led_on(client, there, HERE + asked.url) == (reverse("admin:case", args=[case.public_id]), True)


def test_taking_a_case_after_the_session_ended_leads_back_to_the_queue(client, signed_in):
    asked = client.post(reverse("admin:take_next"))
    assert asked.url == "/admin/login/?next=/admin/queue/next"
    assert led_on(signed_in(), "/admin/queue/next", HERE + asked.url) == ("/admin/queue/", True)


@pytest.mark.parametrize(
    "way",
    [
        "login/",
        "account/second-step/",
        "account/confirm/",
        "account/confirm/code/",
        "account/confirm/passkey/",
    ],
)
def test_every_way_of_signing_in_tells_that_nothing_was_changed(signed_in, way):
    came_from = f"{HERE}/admin/{way}?next=/admin/queue/next"
    assert led_on(signed_in(), "/admin/queue/next", came_from) == ("/admin/queue/", True)


@pytest.mark.parametrize(
    "came_from",
    [
        "",
        f"{HERE}/admin/queue/",
        f"{HERE}/admin/nothing/is/here",
        "http://elsewhere.example/admin/login/",
        "http://[/admin/login/",
    ],
)
def test_who_did_not_sign_in_is_led_back_and_told_nothing(signed_in, came_from):
    assert led_on(signed_in(), "/admin/queue/next", came_from) == ("/admin/queue/", False)


def test_the_address_bar_after_a_refused_decision_leads_back_to_the_case(road, emulator, signed_in):
    case, client = road.in_review(emulator), signed_in()
    address = reverse("admin:decide", args=[case.public_id])
    assert client.post(address, {"verdict": "decline"}).status_code == 422
    assert led_on(client, address) == (reverse("admin:case", args=[case.public_id]), False)


def test_signing_in_with_both_steps_says_that_the_form_was_lost(road, emulator, client, with_app):
    """Browsers send the second step's page as the Referer through every later redirect."""
    case = road.in_review(emulator)
    asked = client.post(reverse("admin:claim", args=[case.public_id]))
    second = client.post(asked.url, {"login": "rosa", "password": PASSWORD})
    there = client.post(second.url, {"code": code_at(LATER)})
    assert there.url == reverse("admin:claim", args=[case.public_id])
    assert led_on(client, there.url, HERE + second.url) == (
        reverse("admin:case", args=[case.public_id]),
        True,
    )


def test_a_method_that_no_browser_sends_is_refused(signed_in):
    assert signed_in().put("/admin/queue/next").status_code == 405


# The work board


def test_the_board_counts_a_reviewers_work(road, emulator, signed_in):
    road.in_review(emulator)
    client = signed_in()
    client.post(reverse("admin:take_next"))
    page = client.get("/admin/")
    assert page.context["queue"]["waiting"] == 1
    assert len(page.context["queue"]["mine"]) == 1
    assert page.context["accounts"] is None


def test_the_board_shows_an_operator_the_vendor_and_no_case(road, emulator, signed_in):
    case = road.in_review(emulator)
    page = signed_in(OPERATOR).get("/admin/")
    assert "Vendor accounts" in page.content.decode()
    assert case.applicant.reference not in page.content.decode()
    assert page.context["queue"] is None


def test_the_board_shows_an_auditor_exports_and_the_trail(signed_in):
    page = signed_in(AUDITOR).get("/admin/").content.decode()
    assert "/admin/exports/" in page
    assert "/admin/trail/" in page


@pytest.fixture
def accounts(db, settings):
    """Two configured accounts, each with a budget of two calls a day."""
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {name: {**default, "daily_budget": 2} for name in ("default", "second")}
    return pacing.accounts()


def pause(account):
    before = LATER - timedelta(minutes=48)
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=before, now=before)


@pytest.mark.parametrize("group", GROUPS)
def test_the_board_is_quiet_while_all_accounts_are_called(accounts, signed_in, group):
    assert signed_in(group).get("/admin/").context["notice"] is None


@pytest.mark.parametrize("group", GROUPS)
def test_the_board_tells_everybody_at_work_that_calling_is_paused(accounts, signed_in, group):
    for account in accounts:
        pause(account)
    page = signed_in(group).get("/admin/").content.decode()
    assert "Calling the vendor is paused since 09:12 UTC. Waiting work resumes by itself." in page
    assert ('href="/admin/vendor/">See why' in page) is (group in OPERATIONS)
    assert ("Arrears" in page) is False


def test_the_board_tells_that_one_account_of_two_stands_still(accounts, signed_in):
    pause(accounts[1])
    page = signed_in().get("/admin/")
    assert page.context["notice"]["tone"] == "warn"
    assert "second stands still. The others go on." in page.content.decode()


def test_the_board_tells_that_the_days_budget_is_spent(accounts, signed_in):
    for _ in range(4):
        pacing.reserve(now=LATER)
    page = signed_in().get("/admin/").content.decode()
    assert "Today&#x27;s budget for vendor calls is spent." in page
    assert "goes on by itself at 00:00 UTC" in page


def test_the_board_says_nothing_of_the_vendor_to_whoever_is_in_no_group(accounts, client):
    pause(accounts[0])
    client.force_login(StaffUser.objects.create_user("newcomer", is_staff=True))
    assert "vendor" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "address", ["/admin/case/%00/", "/admin/evidence/photo/%00", "/admin/exports/%00/download"]
)
def test_an_address_that_names_nothing_is_not_found(signed_in, address):
    assert signed_in("Reviewer").get(address).status_code == 404

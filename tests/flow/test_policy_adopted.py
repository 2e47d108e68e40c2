"""A production invites nobody for the first time before two people have chosen a policy."""

import re
from decimal import Decimal

import pytest
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.flow.conftest import LATER
from verification import audit
from verification.actions import invite, policy
from verification.actions.api_client import create_client
from verification.invitations.case import PolicyNotAdopted
from verification.models import Applicant, InvitationFile, Policy, Verification
from verification.rules.document_check import MEANS, asked
from verification.states import DocumentCheckFor

pytestmark = pytest.mark.usefixtures("an_hour_later")
EDIT, PAGE = reverse("admin:edit_draft"), reverse("admin:policies")


@pytest.fixture
def production(settings):
    settings.DEMO = False


def invited(reference="CUST-1"):
    person = {"reference": reference, "name": "Alice Example"}
    return invite.invite(**person, by=audit.By.shell(), now=LATER).verification


def draft(seniors, **terms):
    made = policy.draft(by=seniors[0], now=LATER)
    values = policy.terms_of(made) | terms
    seen = policy.fingerprint(made)
    policy.change(made, terms=values, reason="Our choice.", seen=seen, by=seniors[0], now=LATER)
    made.refresh_from_db()
    return made


def adopt(seniors, **terms):
    made = draft(seniors, **terms)
    policy.activate(made, seen=policy.fingerprint(made), by=seniors[1], now=LATER)


# Inviting


def test_the_first_invitation_of_a_production_waits_for_a_choice(db, production, seniors):
    with pytest.raises(PolicyNotAdopted, match="Nobody has chosen the policy yet"):
        invited()
    assert not Applicant.objects.exists()
    adopt(seniors)
    assert invited().policy.version == 2


def test_a_production_that_has_cases_goes_on(db, settings):
    first = invited()
    settings.DEMO = False
    assert invited("CUST-2").policy == first.policy


def test_the_demo_asks_nobody(db):
    assert invited().policy.version == 1


def test_the_command_says_what_to_do(db, production):
    with pytest.raises(CommandError, match="One senior reviewer drafts it on the page Policy"):
        call_command("invite", reference="CUST-1", name="Alice Example")


def test_the_api_refuses_by_a_code(db, production, settings):
    settings.SECURE_SSL_REDIRECT = False
    key = create_client(name="CRM", by=audit.By.shell(), now=LATER).key
    answer = Client().post(
        "/api/v1/verifications",
        {"reference": "CUST-1", "name": "Alice Example"},
        "application/json",
        headers={"Authorization": f"Bearer {key}"},
        secure=True,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "policy_not_adopted")
    assert not Verification.objects.exists()


def test_the_pages_of_the_front_office_say_so_too(desk_of, production, settings):
    settings.SECURE_SSL_REDIRECT = False
    fay = desk_of("Front office", "fay")
    one = fay.post("/admin/invitations/new", {"reference": "CUST-1", "name": "Alice Example", "locale": "en"})
    people = SimpleUploadedFile("people.csv", b"reference,name,email\nCUST-2,Mara Lindqvist,\n")
    fay.post("/admin/invitation-files/new", {"file": people})
    file = InvitationFile.objects.get()
    address = f"/admin/invitation-files/{file.public_id}/confirm"
    many = fay.post(address, {"sha256": file.file_sha256})
    for answer in (one, many):
        assert (answer.status_code, "Nobody has chosen the policy yet" in answer.content.decode()) == (
            409,
            True,
        )
    assert not Verification.objects.exists()


# Choosing


def test_two_people_adopt_the_terms_that_came_with_the_software(seniors):
    adopt(seniors)
    assert Policy.current().is_adopted
    assert policy.difference(Policy.current(), Policy.objects.get(version=1)) == []


def test_after_that_a_draft_has_to_change_something(seniors):
    adopt(seniors)
    with pytest.raises(policy.NothingChanged):
        adopt(seniors)


def test_no_answer_on_documents_is_chosen_beforehand(signed_in, seniors):
    desk = signed_in("Senior reviewer")
    desk.post(reverse("admin:new_draft"))
    page = desk.get(EDIT).content.decode()
    radios = re.findall(r'<input type="radio" name="document_check"[^>]*>', page)
    assert len(radios) == 3
    assert not any("checked" in radio for radio in radios)
    unanswered = {name: value for name, value in fields().items() if name != "document_check"}
    refused = desk.post(EDIT, unanswered)
    assert (refused.status_code, "Choose one." in refused.content.decode()) == (400, True)
    assert desk.post(EDIT, fields() | {"document_check": "always"}).status_code == 302
    assert re.search(r'value="always"[^>]* checked', desk.get(EDIT).content.decode())


def fields():
    made = policy.current_draft()
    values = {
        name: value
        for name, value in policy.terms_of(made).items()
        if value is not None and value is not False
    }
    return values | {"change_reason": "Our choice.", "seen": policy.fingerprint(made)}


def test_the_page_offers_to_activate_what_changes_nothing(signed_in, seniors):
    draft((seniors[1], seniors[0]))
    page = signed_in("Senior reviewer").get(PAGE).content.decode()
    assert "Nobody has chosen this policy" in page
    assert 'name="version"' in page


@pytest.mark.parametrize("term", list(DocumentCheckFor))
def test_the_page_says_in_a_sentence_what_is_left_to_nobody(signed_in, seniors, term):
    adopt(seniors, document_check=term, document_share=Decimal(20))
    page = signed_in("Senior reviewer").get(PAGE).content.decode()
    assert str(MEANS[term]) in page
    assert "Nobody has chosen this policy" not in page
    assert asked(invited()) is (term == DocumentCheckFor.ALWAYS) or term == DocumentCheckFor.SHARE


# check --deploy


def said():
    return [str(found.msg) for found in run_checks(include_deployment_checks=True) if found.id == "kyc.W049"]


def test_the_check_before_deploying_says_the_same(db, production, seniors):
    assert len(said()) == 1
    assert str(MEANS[DocumentCheckFor.NEVER]) in said()[0]
    adopt(seniors)
    assert said() == []


def test_the_check_tells_an_older_installation_nothing_that_is_not_so(db, settings):
    invited("CUST-1")
    settings.DEMO = False
    invited("CUST-2")
    assert "a new installation invites nobody before" in said()[0]


def test_the_check_warns_before_there_are_tables(db, production, seniors):
    adopt(seniors)

    def no_table(execute, sql, *rest):
        return execute(sql.replace("verification_policy", "no_such_table"), *rest)

    with connection.execute_wrapper(no_table):
        assert len(said()) == 1


def test_the_demo_is_not_warned(db):
    assert said() == []

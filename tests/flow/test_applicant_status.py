"""The status page during the check and afterwards: never a score, always a next step."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road, photo
from tests.flow.reviewing import decide
from tests.flow.test_applicant_pages import agree, case, give_photo, opened, path_of
from verification import audit
from verification.actions import cancel, challenge, claim, sweep
from verification.actions.invite import Invitation
from verification.hints import HINTS
from verification.models import StaffUser, Verdict, Verification
from verification.pages import status, steps
from verification.rules.reasons import REASONS
from verification.states import Status
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(invitation: Invitation) -> Client:
    return opened(invitation)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({}, "approved"),
        ({"sim": 74.2}, "review"),
        ({"result": "FailedOperation.ActionLightDark"}, "retry"),
        ({"result": "FailedOperation.LifePhotoPoorQuality"}, "retry"),
    ],
)
def test_the_status_page_says_what_became_of_it(
    road: Road, emulator: EmulatorServer, answer: dict[str, Any], outcome: str
) -> None:
    invitation = road.invitation()
    client = opened(invitation)
    agree(client)
    give_photo(client)
    if answer:
        emulator.script(**answer)
    road.record(case(invitation))
    page = client.get("/verify/", follow=True).content.decode()
    assert f'data-step="status" data-outcome="{outcome}"' in page
    assert "74.2" not in page
    assert client.get("/verify/status.json").json() == {
        "outcome": outcome,
        "delayed": False,
        "next": "/verify/status",
    }


def test_a_photo_given_again_closes_its_hint(road: Road, emulator: EmulatorServer, client: Client) -> None:
    agree(client)
    give_photo(client)
    emulator.script(result="FailedOperation.LifePhotoPoorQuality")
    road.record(Verification.objects.get())
    assert 'href="/verify/document">Give a new photo' in client.get("/verify/status").content.decode()
    give_photo(client, photo(2))
    assert client.get("/verify/").headers["Location"] == "/verify/capture"


def test_a_recording_begun_closes_its_hint(road: Road, emulator: EmulatorServer, client: Client) -> None:
    agree(client)
    give_photo(client)
    emulator.script(result="FailedOperation.ActionLightDark")
    road.record(Verification.objects.get())
    assert "brighter place" in client.get("/verify/status").content.decode()
    challenge.issue(Verification.objects.get(), now=NOW)
    assert client.get("/verify/").headers["Location"] == "/verify/capture"


def test_while_it_is_checked_the_page_asks_on_with_or_without_scripts(road: Road, client: Client) -> None:
    agree(client)
    give_photo(client)
    road.submit(Verification.objects.get())
    page = client.get("/verify/status").content.decode()
    assert 'data-outcome="checking"' in page
    assert '<meta http-equiv="refresh"' in page
    assert 'data-poll="/verify/status.json?case=' in page


# A delay on our side


@pytest.fixture
def waiting(road: Road, client: Client) -> Client:
    """The browser of an applicant whose recording has arrived."""
    agree(client)
    give_photo(client)
    road.submit(Verification.objects.get())
    return client


def pause() -> None:
    (account,) = pacing.accounts()
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=NOW, now=NOW)


def visible(client: Client, name: str) -> bool:
    page = client.get("/verify/status").content.decode()
    (tag,) = set(re.findall(rf'<(?:span|p|div)[^>]*data-while="{name}"( hidden)?>', page))
    return not tag


def test_while_calling_goes_on_the_page_speaks_of_no_delay(waiting: Client) -> None:
    assert (visible(waiting, "checking"), visible(waiting, "delayed")) == (True, False)
    assert waiting.get("/verify/status.json").json()["delayed"] is False


def test_while_nobody_may_be_called_the_page_tells_of_a_short_delay(waiting: Client) -> None:
    pause()
    page = waiting.get("/verify/status").content.decode()
    assert (visible(waiting, "checking"), visible(waiting, "delayed")) == (False, True)
    assert "There is a short delay on our side. Everything has arrived, and nothing is lost." in page
    assert "uses up none of your attempts" in page
    assert "You may close this page. Open your link again" in page
    assert 'http-equiv="refresh" content="30; url=/verify/status?' in page


def test_a_spent_budget_is_a_short_delay_too(waiting: Client, settings: Any) -> None:
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {"default": {**default, "daily_budget": 1}}
    pacing.reserve(now=NOW)
    assert waiting.get("/verify/status.json").json()["delayed"] is True


def test_the_delay_ends_by_itself_and_used_up_no_attempt(waiting: Client) -> None:
    pause()
    assert waiting.get("/verify/status.json").json()["delayed"] is True
    (account,) = pacing.accounts()
    pacing.resume(account, called_at=NOW + timedelta(seconds=1))
    assert waiting.get("/verify/status.json").json() == {
        "outcome": "checking",
        "delayed": False,
        "next": "/verify/status",
    }
    assert Verification.objects.get().attempts_used == 0


def test_the_page_names_neither_the_vendor_nor_what_is_wrong(waiting: Client) -> None:
    pause()
    page = waiting.get("/verify/status").content.decode().lower()
    assert not [word for word in ("vendor", "tencent", "account", "arrears", "paused") if word in page]


def test_who_is_not_waiting_for_it_hears_of_no_delay(client: Client) -> None:
    agree(client)
    give_photo(client)
    pause()
    assert client.get("/verify/status.json").json() == {
        "outcome": "",
        "delayed": False,
        "next": "/verify/capture",
    }


def test_a_fault_of_ours_is_owned_up_to_while_a_person_looks(
    road: Road, emulator: EmulatorServer, client: Client
) -> None:
    agree(client)
    give_photo(client)
    emulator.script(fault="sim_nan")
    road.record(Verification.objects.get())
    assert str(HINTS["our_fault"]) in client.get("/verify/status").content.decode()


def test_who_waits_for_a_person_reads_that_they_do(
    road: Road, emulator: EmulatorServer, client: Client
) -> None:
    agree(client)
    give_photo(client)
    emulator.script(sim=74.2)
    road.record(Verification.objects.get())
    assert str(HINTS["being_checked"]) in client.get("/verify/status").content.decode()


def test_a_cancelled_case_says_so(invitation: Invitation, client: Client) -> None:
    cancel.cancel(case(invitation), reason="withdrawn", by=audit.By.client("cli_1"), now=NOW)
    page = client.get("/verify/", follow=True).content.decode()
    assert 'data-outcome="closed"' in page
    assert "This check was cancelled" in page


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("different_person", "the comparison of your face with your ID"),
        ("not_live", "your video"),
        ("document_not_genuine", "the photo of your ID"),
        ("cannot_tell", "what you sent as a whole"),
    ],
)
def test_a_declined_case_names_the_class_of_the_reason_and_whom_to_ask_and_no_suspicion(
    road: Road,
    emulator: EmulatorServer,
    staff: Callable[[str], StaffUser],
    settings: Any,
    reason: str,
    told: str,
) -> None:
    invitation, reviewer = road.invitation(), staff("Reviewer")
    client = opened(invitation)
    agree(client)
    give_photo(client)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=41.73)
    verification = case(invitation)
    road.record(verification)
    claim.claim(verification, by=reviewer, now=NOW)
    note = "The ears differ."
    decide(verification, Verdict.DECLINE, reason, by=reviewer, note=note, now=NOW)
    page = client.get("/verify/", follow=True).content.decode()
    assert 'data-outcome="declined"' in page
    assert f"The reason is {told}." in page
    assert "A person looked at it and decided." in page
    assert "You can ask that another person look at it again" in page
    assert settings.ORGANISATION_CONTACT in page
    assert settings.DATA_PROTECTION_CONTACT in page
    assert not any(word in page for word in (str(REASONS[reason].label), note, "41.7"))


def test_a_second_recording_begins_with_the_advice_from_the_first(
    road: Road, emulator: EmulatorServer, client: Client
) -> None:
    agree(client)
    give_photo(client)
    assert "last time" not in client.get("/verify/capture").content.decode()
    emulator.script(result="FailedOperation.ActionLightDark")
    road.record(Verification.objects.get())
    page = client.get("/verify/capture").content.decode()
    assert f"We could not finish the check last time. {HINTS['brighter']}" in page


def test_times_name_their_zone_and_can_be_read_by_scripts(client: Client, invitation: Invitation) -> None:
    until = case(invitation).link_expires_at
    page = client.get("/verify/consent").content.decode()
    assert f'<time datetime="{until:%Y-%m-%dT%H:%M:%S}+00:00" data-time>' in page
    assert f"{until:%H:%M} UTC</time>" in page


def test_agreeing_and_refusing_look_the_same(client: Client) -> None:
    page = client.get("/verify/consent").content.decode()
    looks = {action: look for look, action in re.findall(r'class="([^"]*)"[^>]*data-action="(\w+)"', page)}
    assert looks["primary"] == looks["refuse"]


def test_every_closed_status_has_words() -> None:
    assert set(status.CLOSED) == {key for key, outcome in steps.OUTCOMES.items() if outcome == "closed"}


def test_a_case_past_its_time_is_gone_with_its_link(invitation: Invitation, client: Client) -> None:
    later = NOW + timedelta(days=15)
    with time_machine.travel(later):
        sweep.sweep(now=later)
        assert case(invitation).status == Status.EXPIRED
        for path in ("/verify/", "/verify/status", path_of(invitation)):
            assert "This link does not work" in client.get(path).content.decode()


def test_nobody_is_said_to_have_been_told(road: Road, emulator: EmulatorServer, client: Client) -> None:
    agree(client)
    give_photo(client)
    road.record(Verification.objects.get())
    assert "can see the result" in client.get("/verify/status").content.decode()


def test_the_time_of_an_answer_is_an_aim(road: Road, emulator: EmulatorServer, client: Client) -> None:
    agree(client)
    give_photo(client)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42)
    road.record(Verification.objects.get())
    assert "We aim to answer within 24 hours" in client.get("/verify/status").content.decode()

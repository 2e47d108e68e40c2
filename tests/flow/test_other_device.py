"""One link on two devices: each is told, the first can take the case back, and a reviewer sees what happened."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road, clip
from tests.flow.races import meanwhile
from tests.flow.test_applicant_pages import agree, case, give_photo, opened, path_of, shown_hash
from tests.flow.test_applicant_uploads import send
from tests.flow.test_uploads_in_parts import draw, put
from verification import links, slow_clients
from verification.actions import bind, consent, document, receive_parts, submit
from verification.actions.invite import Invitation
from verification.models import AuditEvent, Consent, Document, RiskFlag, Verification, VerificationAttempt
from verification.rules import four_eyes
from verification.states import AttemptStatus, Flag, Status

pytestmark = pytest.mark.usefixtures("clock")

DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
TAKE_OVER = "/verify/take-over"


@pytest.fixture
def first(invitation: Invitation) -> Client:
    """The browser that began, on a computer."""
    client = opened(invitation, headers={"user-agent": DESKTOP})
    agree(client)
    return client


@pytest.fixture
def second(invitation: Invitation, first: Client) -> Client:
    """Another one with the same link, on a phone; it has done nothing yet."""
    return opened(invitation, headers={"user-agent": PHONE})


def page_of(client: Client) -> str:
    response = client.get("/verify/", follow=True)
    assert response.status_code == 409
    return response.content.decode()


def record(client: Client, *, take: int = 1) -> Any:
    return send(client, draw(client), clip(take=take))


@pytest.fixture
def moved(first: Client, second: Client) -> Client:
    """The second device, which took the case over after the first gave the photo."""
    give_photo(first)
    second.post(TAKE_OVER)
    return second


Judged = Callable[..., Verification]


@pytest.fixture
def judged(invitation: Invitation, road: Road, emulator: EmulatorServer) -> Judged:
    """Records on a device and lets the workers judge it; `then` happens between the two."""
    takes = count(1)

    def judged(client: Client, then: Callable[[], object] = lambda: None, **answer: Any) -> Verification:
        if answer:
            emulator.script(**answer)
        record(client, take=next(takes))
        then()
        road.judge(VerificationAttempt.objects.get(status=AttemptStatus.SUBMITTED))
        return case(invitation)

    return judged


# Both are told


def test_the_second_device_is_told_of_the_first_before_it_goes_on(second: Client) -> None:
    page = page_of(second)
    for words in (
        "already open in another browser or on another device",
        '<strong>a computer</strong> since <time datetime="2026-11-23T09:00:00+00:00" data-time>',
        "23 November 2026, 09:00 UTC</time>",
        "the check stops there and says so",
        "The people who review it see that it moved",
        "Continue here instead",
    ):
        assert words in page


def test_the_first_device_is_told_that_it_lost_the_case_when_and_what_to_do(
    first: Client, second: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=12))
    second.post(TAKE_OVER)
    page = page_of(first)
    for words in (
        "Continued somewhere else",
        '<strong>a phone</strong> since <time datetime="2026-11-23T09:12:00+00:00" data-time>',
        "23 November 2026, 09:12 UTC</time>",
        "Was that not you? Take the check back here",
        "Continue here again",
    ):
        assert words in page


def test_a_script_is_led_to_the_page_that_explains(first: Client, second: Client) -> None:
    second.post(TAKE_OVER)
    answer = first.post("/verify/challenge").json()
    assert (answer["error"]["code"], answer["next"]) == ("link_in_use", "/verify/")
    assert first.get("/verify/status.json").json()["next"] == "/verify/"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148", "a phone"),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Version/16.0 Mobile/15E148", "a tablet"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) Chrome/140.0 Safari/537.36", "a tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0", "a computer"),
        ("<script>", "another device"),
        ("", "another device"),
    ],
)
def test_a_device_is_named_by_its_class_alone(invitation: Invitation, agent: str, device: str) -> None:
    agree(opened(invitation, headers={"user-agent": agent}))
    page = page_of(opened(invitation))
    assert f"<strong>{device}</strong>" in page
    assert "<script>" not in page


def test_neither_device_is_shown_what_was_entered_or_sent_on_the_other(road: Road) -> None:
    invitation = road.invitation(name="Mara Secret", email="mara@example.org")
    one, other = opened(invitation), opened(invitation)
    agree(one)
    give_photo(one, name="passport-of-mara.jpg")
    pages = [page_of(other)]
    other.post(TAKE_OVER)
    pages += [page_of(one)]
    pages += [other.get(path).content.decode() for path in ("/verify/document", "/verify/capture")]
    document = Document.objects.get()
    for page in pages:
        for secret in ("Mara", "mara", "example.org", document.public_id, document.original_sha256):
            assert secret not in page


# The way back, and its end


def test_the_first_device_can_take_the_case_back(first: Client, second: Client) -> None:
    second.post(TAKE_OVER)
    assert first.post(TAKE_OVER, follow=True).status_code == 200
    assert give_photo(first).headers["Location"] == "/verify/"
    assert "Continued somewhere else" in page_of(second)


def quarrel(first: Client, second: Client, rounds: int = bind.MAX_CHANGES) -> None:
    """The second device takes the case over and the first takes it back, so many times."""
    for _ in range(rounds):
        second.post(TAKE_OVER)
        first.post(TAKE_OVER)


def changes_left(invitation: Invitation) -> int:
    return bind.changes_left(links.history(case(invitation)))


def fresh(invitation: Invitation, times: int) -> list[Client]:
    """As many browsers that never had the case and take it over, one after the other."""
    clients = [opened(invitation) for _ in range(times)]
    for client in clients:
        client.post(TAKE_OVER)
    return clients


def refused(client: Client, invitation: Invitation) -> None:
    page = page_of(client)
    for words in (
        "Used on too many devices",
        "It goes on where it was begun",
        "for a new link: <a href",
        invitation.verification.public_id,
    ):
        assert words in page
    assert "Continue here" not in page
    assert draw(client)["error"]["code"] == "link_used_up"


def test_fresh_browsers_with_a_copied_link_never_shut_out_the_one_that_began(
    invitation: Invitation, first: Client
) -> None:
    *others, last = fresh(invitation, bind.MAX_CHANGES + 3)
    refused(last, invitation)
    assert "You can always take it back here" in page_of(first)
    first.post(TAKE_OVER)
    assert give_photo(first).headers["Location"] == "/verify/"
    for client in others:
        client.post(TAKE_OVER)
        refused(client, invitation)
    assert "nonce" in draw(first)


def test_the_way_back_costs_the_one_that_began_no_change(
    invitation: Invitation, first: Client, second: Client
) -> None:
    quarrel(first, second)
    assert give_photo(first).headers["Location"] == "/verify/"
    second.post(TAKE_OVER)
    refused(second, invitation)
    assert give_photo(first).headers["Location"] == "/verify/"


def test_the_page_says_how_many_changes_are_left(first: Client, second: Client) -> None:
    several = "It can be moved to another device {} more times, this time included."
    last = "This is the last time that it can be moved to another device."
    for words in (several.format(3), several.format(2), last):
        assert words in page_of(second)
        second.post(TAKE_OVER)
        first.post(TAKE_OVER)


def test_a_link_is_contested_with_its_last_change_and_goes_on(
    invitation: Invitation, first: Client, second: Client
) -> None:
    quarrel(first, second, rounds=bind.MAX_CHANGES - 1)
    assert case(invitation).link_contested_at is None
    second.post(TAKE_OVER)
    assert case(invitation).link_contested_at is not None
    assert give_photo(second).headers["Location"] == "/verify/"


def test_the_later_of_two_holders_is_refused_in_the_end_and_the_staff_learns_of_it(
    invitation: Invitation, first: Client, second: Client, signed_in: Callable[..., Client]
) -> None:
    """A thief who began before the person looks like this."""
    quarrel(first, second)
    refused(second, invitation)
    told = "The link of 1 case was used on too many devices."
    pages = {"Reviewer": "case", "Operator": "invitations", "Front office": "invitations"}
    for role, where in pages.items():
        board = signed_in(role).get("/admin/").content.decode()
        assert told in board, role
        assert f'href="/admin/{where}/{invitation.verification.public_id}/"' in board, role


@pytest.mark.parametrize("ended", ["a new link", "revoked", "cancelled"])
def test_the_board_names_a_case_until_its_link_is_replaced_or_nobody_needs_it(
    invitation: Invitation, first: Client, signed_in: Callable[..., Client], ended: str
) -> None:
    fresh(invitation, bind.MAX_CHANGES)
    client = signed_in("Reviewer")
    assert "used on too many devices" in client.get("/admin/").content.decode()
    if ended == "cancelled":
        Verification.objects.update(status=Status.CANCELLED)
    else:
        call_command("link", invitation.verification.public_id, *(["--revoke"] if ended == "revoked" else []))
    assert "used on too many devices" not in client.get("/admin/").content.decode()


def test_a_new_link_ends_a_contested_one_and_counts_anew(
    invitation: Invitation, first: Client, second: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    quarrel(first, second)
    call_command("link", invitation.verification.public_id)
    new = capsys.readouterr().out.split()[-1].removeprefix("http://testserver")
    for client in (first, second):
        assert client.get("/verify/").status_code == 404
    first.get(new)
    assert give_photo(first).headers["Location"] == "/verify/"
    assert changes_left(invitation) == bind.MAX_CHANGES
    assert case(invitation).link_contested_at is None


def test_a_double_click_or_a_lost_answer_costs_no_second_change(
    invitation: Invitation, first: Client, second: Client
) -> None:
    for _ in range(5):
        assert second.post(TAKE_OVER).headers["Location"] == "/verify/"
    assert changes_left(invitation) == bind.MAX_CHANGES - 1
    assert AuditEvent.objects.filter(kind="link.taken_over").count() == 1


# No other device


def test_another_network_and_another_version_of_the_browser_are_no_other_device(
    invitation: Invitation, first: Client
) -> None:
    first.defaults.update(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT=DESKTOP.replace("140", "141"))
    first.get(path_of(invitation))
    give_photo(first)
    record(first)
    assert not RiskFlag.objects.exists()
    assert not AuditEvent.objects.filter(kind="link.taken_over").exists()


def test_a_case_whose_beginning_was_not_recorded_stays_in_its_browser(
    invitation: Invitation, first: Client, second: Client
) -> None:
    case(invitation).bindings.all().delete()
    assert give_photo(first).headers["Location"] == "/verify/"
    assert "Open on" not in page_of(second)
    second.post(TAKE_OVER)
    assert changes_left(invitation) == bind.MAX_CHANGES - 1


# Races


def revoke(invitation: Invitation) -> tuple[str, ...]:
    return "link", invitation.verification.public_id, "--revoke"


@pytest.mark.parametrize(("answer", "act"), [("agree", "give"), ("refuse", "refuse")])
def test_an_answer_to_the_consent_counts_only_in_the_browser_that_has_the_case(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch, answer: str, act: str
) -> None:
    one, other = opened(invitation), opened(invitation)
    fields = {"answer": answer, "agree": "yes", "text_sha256": shown_hash(one)}
    meanwhile(monkeypatch, consent, act, lambda: other.post(TAKE_OVER))
    response = one.post("/verify/consent", fields)
    assert (response.status_code, b"Continued somewhere else" in response.content) == (409, True)
    assert (case(invitation).status, Consent.objects.exists()) == (Status.INVITED, False)


def test_a_consent_that_is_given_while_its_link_is_revoked_is_not_kept(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = opened(invitation)
    meanwhile(monkeypatch, consent, "give", lambda: call_command(*revoke(invitation)))
    assert agree(client).status_code == 404
    assert not Consent.objects.exists()


def test_a_photo_that_is_checked_while_the_case_changes_hands_is_not_kept(
    first: Client, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, document, "_create", lambda: second.post(TAKE_OVER))
    response = give_photo(first)
    assert (response.status_code, b"Continued somewhere else" in response.content) == (409, True)
    assert not Document.objects.exists()


def test_a_recording_that_is_checked_while_the_case_changes_hands_is_not_taken(
    first: Client, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_photo(first)
    drawn = draw(first)
    meanwhile(monkeypatch, submit, "_submit", lambda: second.post(TAKE_OVER))
    answer = send(first, drawn)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "link_in_use")
    assert VerificationAttempt.objects.get().status == AttemptStatus.ISSUED


def test_a_photo_that_is_checked_while_its_link_is_revoked_is_not_kept(
    invitation: Invitation, first: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, document, "_create", lambda: call_command(*revoke(invitation)))
    assert give_photo(first).status_code == 404
    assert not Document.objects.exists()


def test_a_new_link_is_bound_to_nobody_who_came_through_the_old_one(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = opened(invitation)
    meanwhile(monkeypatch, bind, "bind", lambda: call_command("link", invitation.verification.public_id))
    assert agree(client).status_code == 404
    assert case(invitation).browser_hash == ""


def test_a_challenge_of_the_other_browser_opens_nothing(first: Client, second: Client) -> None:
    give_photo(first)
    drawn = draw(first)
    second.post(TAKE_OVER)
    assert put(second, drawn, 0).json()["error"]["code"] == "unknown_challenge"
    assert send(second, drawn).json()["error"]["code"] == "unknown_challenge"


# A thief of the link


UNCLEAR = {"result": "FailedOperation.ActionOpenMouth"}


def test_recordings_of_another_device_use_up_no_attempt_of_this_one(
    invitation: Invitation, first: Client, moved: Client, judged: Judged
) -> None:
    for left in (2, 1):
        assert judged(moved, **UNCLEAR).attempts_left == left
    first.post(TAKE_OVER)
    assert case(invitation).attempts_left == case(invitation).policy.max_attempts


def test_a_recording_that_is_judged_after_the_case_was_taken_back_uses_up_none(
    first: Client, moved: Client, judged: Judged
) -> None:
    assert judged(moved, then=lambda: first.post(TAKE_OVER), **UNCLEAR).attempts_used == 0


def test_challenges_of_another_device_leave_this_one_its_own(first: Client, moved: Client) -> None:
    codes = [draw(moved).get("error", {}).get("code") for _ in range(7)]
    assert codes[-1] == "too_many_recordings"
    first.post(TAKE_OVER)
    assert "nonce" in draw(first)


def test_photos_of_another_device_leave_this_one_its_own(
    first: Client, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MAX_PER_HOUR", 1)
    second.post(TAKE_OVER)
    assert [give_photo(second).status_code for _ in range(2)] == [302, 429]
    first.post(TAKE_OVER)
    assert give_photo(first).status_code == 302


def test_bytes_of_another_device_leave_this_one_its_own(first: Client, second: Client) -> None:
    second.post(TAKE_OVER)
    Verification.objects.update(received_bytes=receive_parts.QUOTA)
    assert give_photo(second).status_code == 429
    first.post(TAKE_OVER)
    assert give_photo(first).status_code == 302


def test_a_new_link_after_a_quarrel_grants_all_attempts(
    invitation: Invitation, moved: Client, judged: Judged
) -> None:
    assert judged(moved, **UNCLEAR).attempts_used == 1
    call_command("link", invitation.verification.public_id)
    assert case(invitation).attempts_used == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/verify/document"), ("POST", "/verify/recording"), ("PUT", "/verify/recording/parts")],
)
def test_a_device_without_the_case_takes_no_place_and_no_byte_of_the_one_that_has_it(
    invitation: Invitation, first: Client, second: Client, method: str, path: str
) -> None:
    sent = BytesIO(b"x" * 500_000)
    taken = slow_clients._uploads.taken
    with taken(invitation.verification.pk), taken(invitation.verification.pk):
        response = second.generic(method, path, b"", MULTIPART_CONTENT, **of(sent))
    assert response.status_code == 409
    assert sent.read() == b"", "the browser could send all of it, and shows the answer"
    assert case(invitation).received_bytes == 0


def of(stream: BytesIO) -> dict[str, Any]:
    return {"wsgi.input": stream, "CONTENT_LENGTH": str(len(stream.getvalue()))}


# What the reviewer sees


def test_evidence_from_two_devices_is_judged_by_a_person(moved: Client, judged: Judged) -> None:
    checked = judged(moved)
    assert (checked.status, checked.reasons) == (Status.IN_REVIEW, [Flag.DEVICE_CHANGED])
    assert RiskFlag.objects.get().facts == {"photos": 1}


def test_a_new_photo_on_the_second_device_does_not_hide_the_first(moved: Client, judged: Judged) -> None:
    give_photo(moved)
    assert judged(moved).status == Status.IN_REVIEW


def test_a_recording_of_the_other_device_counts_too(first: Client, moved: Client, judged: Judged) -> None:
    judged(moved, **UNCLEAR)
    first.post(TAKE_OVER)
    assert judged(first).status == Status.IN_REVIEW
    assert RiskFlag.objects.last().facts == {"recordings": 1}


def test_one_person_is_enough_to_approve_who_changed_to_their_phone(moved: Client, judged: Judged) -> None:
    """Other flags take two, under the first policy; a change of the device is what honest people do."""
    assert four_eyes.why_second(judged(moved), "approve") == ()


def test_a_change_of_the_device_before_any_evidence_sends_nobody_to_a_reviewer(
    second: Client, judged: Judged
) -> None:
    second.post(TAKE_OVER)
    give_photo(second)
    assert judged(second).status == Status.APPROVED


def test_the_case_page_shows_every_device_with_its_time(
    invitation: Invitation,
    first: Client,
    second: Client,
    judged: Judged,
    signed_in: Callable[[], Client],
    clock: time_machine.Traveller,
) -> None:
    give_photo(first)
    clock.shift(timedelta(minutes=5))
    second.post(TAKE_OVER)
    judged(second)
    page = signed_in().get(f"/admin/case/{invitation.verification.public_id}/").content.decode()
    assert "The link was used on more than one device" in page
    assert "a computer, 23 Nov 09:00; a phone, 23 Nov 09:05" in page
    assert "The evidence came from more than one device" in page
    assert "Went on in another browser" in page


def test_the_trail_names_each_change_and_the_contest(first: Client, second: Client) -> None:
    quarrel(first, second)
    events = AuditEvent.objects.filter(kind__startswith="link.").order_by("pk")
    found = [(event.kind, event.data.get("change"), event.data.get("device")) for event in events]
    assert found == [
        ("link.bound", 0, "computer"),
        ("link.taken_over", 1, "phone"),
        ("link.taken_over", 2, "computer"),
        ("link.taken_over", 3, "phone"),
        ("link.taken_over", 4, "computer"),
        ("link.taken_over", 5, "phone"),
        ("link.contested", None, None),
        ("link.taken_over", 6, "computer"),
    ]


def test_looking_at_the_result_on_another_device_changes_nothing_of_the_judgement(
    invitation: Invitation, first: Client, second: Client, judged: Judged
) -> None:
    give_photo(first)
    before = judged(first, result="FailedOperation.CompareLowSimilarity", sim=42.0)
    second.post(TAKE_OVER)
    assert second.get("/verify/status").status_code == 200
    after = case(invitation)
    assert (after.status, after.attempts_used, after.version) == (
        before.status,
        before.attempts_used,
        before.version,
    )

"""One-time codes: how far a phone's clock may be off, how they may be typed, and that each counts once."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.flow.conftest import LATER, code_at, give_code, give_password, take_second_step, text_of
from verification.models import AuditEvent
from verification.review.sign_in import one_time_codes

pytestmark = pytest.mark.usefixtures("an_hour_later")
ADD = "/admin/account/two-step/app/add/"
AGAIN = "/admin/account/confirm/code/"


def off(seconds):
    """The code of a phone whose clock is so many seconds ahead."""
    return code_at(LATER + timedelta(seconds=seconds))


@pytest.fixture
def half_way(client, with_app):
    give_password(client)
    return client


# LATER is the first second of a step.
@pytest.mark.parametrize("seconds", [-30, -20, 0, 29, 30, 59])
def test_a_phone_may_be_off_by_a_step(half_way, seconds):
    assert give_code(half_way, off(seconds)).url == "/admin/"


@pytest.mark.parametrize("seconds", [-31, 60])
def test_a_phone_that_is_further_off_is_refused(half_way, seconds):
    assert give_code(half_way, off(seconds)).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (125, "about 2 minutes fast"),
        (-120, "about 2 minutes slow"),
        (-31, "about 1 minute slow"),
        (329, "about 5 minutes fast"),
    ],
)
def test_somebody_is_told_how_far_the_phone_is_off(half_way, seconds, says):
    page = text_of(give_code(half_way, off(seconds)))
    assert f"Your phone&#x27;s clock is {says}. Have the phone set its time by itself" in page
    assert [event.data["step"] for event in AuditEvent.objects.filter(kind="staff.sign_in_failed")] == [
        "code"
    ]


def test_further_off_is_a_wrong_code(half_way):
    assert "did not work" in text_of(give_code(half_way, off(330)))


def test_the_clock_is_told_to_nobody_without_the_password(client, with_app):
    assert give_code(client, off(120)).url == "/admin/login/"


def test_a_code_that_was_told_to_be_early_is_not_accepted_when_its_time_comes(half_way):
    """Otherwise a guess would be right for all of eleven minutes."""
    early = off(120)
    give_code(half_way, early)
    with time_machine.travel(LATER + timedelta(seconds=120), tick=False):
        assert "did not work" in text_of(give_code(half_way, early))
    with time_machine.travel(LATER + timedelta(seconds=180), tick=False):
        assert give_code(half_way, off(180)).url == "/admin/"


@pytest.mark.parametrize("seconds", [-30, 0, 30])
@pytest.mark.parametrize("after", [0, 30, 59])
def test_a_code_counts_once_as_long_as_it_could_be_accepted(half_way, seconds, after):
    code, other = off(seconds), Client()
    assert give_code(half_way, code).url == "/admin/"
    with time_machine.travel(LATER + timedelta(seconds=after), tick=False):
        give_password(other)
        assert give_code(other, code).status_code == 200


def test_an_older_code_is_not_accepted_after_a_newer_one(half_way):
    give_code(half_way, off(30))
    other = Client()
    give_password(other)
    assert give_code(other, off(0)).status_code == 200


def test_the_code_of_the_sign_in_confirms_nothing(half_way):
    give_code(half_way, off(0))
    assert "did not work" in text_of(half_way.post(AGAIN, {"code": off(0)}))
    assert half_way.post(AGAIN, {"code": off(30)}).url == "/admin/"


def test_the_code_that_confirmed_signs_nobody_in(client, with_app):
    client.force_login(with_app)
    take_second_step(client, with_app)
    assert client.post(AGAIN, {"code": off(0)}).url == "/admin/"
    other = Client()
    give_password(other)
    assert give_code(other, off(0)).status_code == 200


GAPS = {
    "space": "123 456",
    "no-break space": "123\u00a0456",
    "narrow no-break space": "123\u202f456",
    "thin space": "123\u2009456",
    "ideographic space": "123\u3000456",
    "hyphen": "123-456",
    "no-break hyphen": "123\u2011456",
    "dash": "123–456",
    "middle dot": "12·34·56",
    "zero-width space": "123\u200b456\u200b",
    "direction marks": "\u2066123456\u2069",
    "byte order mark": "\ufeff123456",
    "full-width digits": "１２３４５６",
    "Arabic digits": "١٢٣٤٥٦",
    "Persian digits": "۱۲۳۴۵۶",
    "Devanagari digits": "१२३४५६",
}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.mark.parametrize("typed", GAPS.values(), ids=GAPS)
def test_a_code_is_read_however_it_is_typed(typed):
    assert one_time_codes.cleaned(typed) == "123456"


@pytest.mark.parametrize("typed", ["12345a", "¹23456", "1²3456", "½23456", "", "🄋23456"])
def test_nothing_else_becomes_a_digit_of_a_code(typed):
    assert one_time_codes.cleaned(typed) != "123456"


def typed_oddly(code):
    return f"{code[:3]}\u00a0{code[3:]}".translate(FULL_WIDTH)


def test_a_recovery_code_is_read_so_too(half_way):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert give_code(half_way, typed_oddly(code)).url == "/admin/"


def test_so_is_the_code_of_a_sign_in_and_of_a_confirmation(half_way):
    assert give_code(half_way, typed_oddly(off(0))).url == "/admin/"
    assert half_way.post(AGAIN, {"code": typed_oddly(off(30))}).url == "/admin/"


def test_so_is_the_code_of_the_set_up(client, rosa):
    client.force_login(rosa)
    take_second_step(client, rosa)
    client.get(ADD)
    code = code_at(LATER, client.session["mfa.totp.secret"])
    assert client.post(ADD, {"code": typed_oddly(code)}).status_code == 302


def test_a_code_with_letters_is_a_wrong_one(half_way):
    assert "did not work" in text_of(give_code(half_way, f"{off(0)}x"))


def test_the_set_up_tells_that_the_phone_is_off_too(client, rosa):
    client.force_login(rosa)
    take_second_step(client, rosa)
    client.get(ADD)
    code = code_at(LATER + timedelta(minutes=3), client.session["mfa.totp.secret"])
    assert "about 3 minutes fast" in text_of(client.post(ADD, {"code": code}))
    assert not Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize("after", [0, 59])
def test_the_code_of_the_set_up_signs_nobody_in(client, rosa, after):
    """As long as it could be accepted: it was of a phone that is a step ahead."""
    client.force_login(rosa)
    take_second_step(client, rosa)
    client.get(ADD)
    secret = client.session["mfa.totp.secret"]
    code = code_at(LATER + timedelta(seconds=30), secret)
    assert client.post(ADD, {"code": code}).status_code == 302
    other = Client()
    with time_machine.travel(LATER + timedelta(seconds=after), tick=False):
        give_password(other)
        assert give_code(other, code).status_code == 200

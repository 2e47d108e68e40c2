"""The page of codes: who may open it, that it is complete, and its search."""

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from verification.liveness import RULES
from verification.vendor_accounts.code_guide import Consequence
from verification.vendor_accounts.code_guide.texts import DOES

NEW = "FailedOperation.SomethingNew"
CODES_PAGE = "/admin/codes/"


@pytest.mark.parametrize(
    ("group", "status"), [(OPERATOR, 200), (SENIOR, 200), (AUDITOR, 200), (REVIEWER, 403)]
)
def test_who_runs_the_portal_reads_the_page_of_codes(signed_in: Any, group: str, status: int) -> None:
    assert signed_in(group).get(CODES_PAGE).status_code == status


def test_the_page_and_the_document_have_every_code(signed_in: Any) -> None:
    document = (settings.BASE_DIR / "docs/codes.md").read_text()
    page = signed_in(OPERATOR).get(CODES_PAGE).content.decode()
    for code in RULES:
        assert f"<code>{code}</code>" in page
        assert f"| `{code}` |" in document


def test_the_search_finds_a_part_of_a_code_whatever_its_case(signed_in: Any) -> None:
    page = signed_in(OPERATOR).get(CODES_PAGE, {"q": " arrears"}).content.decode()
    assert "UnauthorizedOperation.Arrears" in page
    assert "topped up" in page
    assert "LivessDetectFake" not in page


def test_the_search_says_what_would_come_of_a_code_of_no_list(signed_in: Any) -> None:
    page = signed_in(OPERATOR).get(CODES_PAGE, {"q": NEW}).content.decode()
    assert f"{NEW} is in no list" in page
    assert f"As the Result of a check: {DOES[Consequence.NOT_TRUSTED]}" in page
    assert f"As an Error: {DOES[Consequence.REPEAT]}" in page


def test_what_is_searched_for_is_only_text(signed_in: Any) -> None:
    page = signed_in(OPERATOR).get(CODES_PAGE, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize(("group", "linked"), [(SENIOR, True), (REVIEWER, False)])
def test_a_case_leads_to_its_code_for_who_may_read_on(
    road: Road, emulator: EmulatorServer, signed_in: Any, group: str, linked: bool
) -> None:
    case = road.judged(emulator, {"result": NEW})
    page = signed_in(group).get(reverse("admin:case", args=[case.public_id])).content.decode()
    assert (f'href="{CODES_PAGE}?q={NEW}"' in page) is linked


def test_a_word_of_our_own_is_not_looked_up_among_the_vendors(
    road: Road, emulator: EmulatorServer, signed_in: Any
) -> None:
    case = road.judged(emulator, {"fault": "sim_nan"})
    page = signed_in(SENIOR).get(reverse("admin:case", args=[case.public_id])).content.decode()
    assert "<code>bad_answer</code>" in page
    assert CODES_PAGE not in page

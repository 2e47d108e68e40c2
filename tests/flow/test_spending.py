"""The cost table of the vendor page: charged calls and verified applicants."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.flow.conftest import LATER
from tests.flow.test_staff_site import OPERATOR

pytestmark = pytest.mark.usefixtures("an_hour_later")
PAGE = "/admin/vendor/"
SignIn = Callable[..., Client]


def costs(client: Client) -> dict[str, list[str]]:
    """The rows of the cost table: today, 7 days, 30 days; "1.00–2.00" is a range."""
    return {
        line.title: [
            f"{figure.least}–{figure.up_to}" if figure.up_to else figure.least for figure in line.figures
        ]
        for line in client.get(PAGE).context["costs"]
    }


def test_cost_is_told_for_each_verified_applicant(
    road: Road, emulator: EmulatorServer, signed_in: SignIn
) -> None:
    road.judged(emulator)
    road.judged(emulator, {"result": "FailedOperation.ActionLightDark"}, {"sim": 95.0})
    road.judged(emulator, {"result": "FailedOperation.CompareLowSimilarity", "sim": 20.0})
    table = costs(signed_in(OPERATOR))
    assert table["Verified applicants"] == ["2", "2", "2"]
    assert table["Calls charged"] == ["3", "3", "3"]
    assert table["Calls that may be charged"] == ["1", "1", "1"]
    assert table["Charged calls per verified applicant"] == ["1.50–2.00"] * 3
    assert "Cost" not in table


def test_with_a_price_cost_is_told_in_money_to_the_cent(
    road: Road, emulator: EmulatorServer, signed_in: SignIn, settings: Any
) -> None:
    settings.FACEID_PRICE = Decimal("0.115")
    road.judged(emulator)
    road.judged(emulator, {"result": "FailedOperation.ActionLightDark"}, {"sim": 95.0})
    table = costs(signed_in(OPERATOR))
    assert table["Cost"] == ["0.23–0.35"] * 3
    assert table["Cost per verified applicant"] == ["0.12–0.17"] * 3
    assert "Cost is calculated at 0.115 a call." in signed_in(OPERATOR).get(PAGE).content.decode()


def test_each_period_has_its_own_figures(road: Road, emulator: EmulatorServer, signed_in: SignIn) -> None:
    road.judged(emulator)
    for days, figures in (
        (1, ["0", "1", "1"]),
        (6, ["0", "1", "1"]),
        (7, ["0", "0", "1"]),
        (30, ["0", "0", "0"]),
    ):
        with time_machine.travel(LATER + timedelta(days=days), tick=False):
            table = costs(signed_in(OPERATOR))
        assert (table["Verified applicants"], table["Calls charged"]) == (figures, figures)


def test_calls_that_verified_nobody_have_no_share(
    road: Road, emulator: EmulatorServer, signed_in: SignIn
) -> None:
    road.in_review(emulator)
    table = costs(signed_in(OPERATOR))
    assert table["Calls charged"] == ["1", "1", "1"]
    assert table["Charged calls per verified applicant"] == ["–", "–", "–"]

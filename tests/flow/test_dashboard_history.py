"""The figures page of one small history: each figure, the simulator, the periods, and the page's markup."""

from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.test_dashboard import LOW, MISSED, PAGE, SignIn, Staff, decide, numbers
from tests.flow.test_staff_site import AUDITOR, REVIEWER, SENIOR
from verification.models import Verdict, Verification

pytestmark = pytest.mark.usefixtures("two_hours_later", "db")


def make(road: Road, emulator: EmulatorServer, staff: Staff) -> dict[str, Verification]:
    """One case of each kind, assessed at 9:00 and decided at 10:00."""
    one, two = staff(REVIEWER), staff(SENIOR)
    emulator_answers: dict[str, list[dict[str, Any]]] = {
        "passed": [{"sim": 95.5}],
        "again": [MISSED, {"sim": 88.0}],
        "band_good": [{"sim": 76.5}],
        "band_bad": [{"sim": 74.99}],
        "edge": [{"sim": 79.99}],
        "low_good": [LOW],
        "low_bad": [{**LOW, "sim": 12.0}],
        "waiting": [{**LOW, "sim": 69.99}],
    }
    cases = {name: road.judged(emulator, *answers) for name, answers in emulator_answers.items()}
    decide(cases["band_good"], Verdict.APPROVE, "same_person", by=one)
    decide(cases["band_bad"], Verdict.DECLINE, "different_person", by=one)
    decide(cases["edge"], Verdict.ASK_AGAIN, "video_unclear", by=two)
    decide(cases["low_good"], Verdict.APPROVE, "vendor_error", by=one)
    decide(cases["low_good"], Verdict.APPROVE, "vendor_error", by=two)
    decide(cases["low_bad"], Verdict.DECLINE, "different_person", by=two)
    return cases


@pytest.fixture(scope="module")
def history(once: Callable[..., dict[str, Verification]]) -> dict[str, Verification]:
    return once(make)


# For each figure its table, without rows that contain only zeros.
TOLD: dict[str, dict[str, list[Any]]] = {
    # Invited, recordings sent, sent to review, decided.
    "flow": {"23 Nov": [8, 9, 6, 6]},
    "backlog": {"under 4 hours": [1, 0]},
    # Automatic, by people.
    "times": {
        "up to 1 min": [2, 0],
        "30 min to 4 h": [0, 4],
        "Median": ["5 s", "59 min"],
        "90th percentile": ["5 s", "59 min"],
    },
    "in_time": {"In time": [4, "100 %"]},
    "bands": {"Below 70": [3, "50 %"], "Passed, below policy": [3, "50 %"]},
    "codes": {
        "Success": ["Passed", 5, "56 %"],
        LOW["result"]: ["Low similarity", 3, "33 %"],
        MISSED["result"]: ["Recording not usable", 1, "11 %"],
    },
    # Automatic, approved, declined, undecided. 79.99 is not in the column that begins at 80.
    "similarity": {
        "94–96": [1, 0, 0, 0],
        "88–90": [1, 0, 0, 0],
        "78–80": [0, 0, 0, 1],
        "76–78": [0, 1, 0, 0],
        "74–76": [0, 0, 1, 0],
        "68–70": [0, 0, 0, 1],
        "42–44": [0, 1, 0, 0],
        "12–14": [0, 0, 1, 0],
    },
    # With the vendor, against it.
    "overrides": {"Below 70": [0, 1, "100 %"], "Passed, below policy": [1, 0, "0 %"]},
    "reasons": {
        "Different person": ["Decline", 2, "40 %"],
        "Same person, beyond reasonable doubt": ["Approve", 1, "20 %"],
        "Same person; the automatic check erred": ["Approve", 1, "20 %"],
        "Video too unclear to compare": ["Ask again", 1, "20 %"],
    },
}


def test_each_figure_tells_the_small_history_as_it_was(
    history: dict[str, Verification], signed_in: SignIn
) -> None:
    client = signed_in(SENIOR)
    assert {anchor: numbers(client, anchor) for anchor in TOLD} == TOLD


def test_the_simulator_moves_exactly_whom_the_threshold_moves(
    history: dict[str, Verification], signed_in: SignIn
) -> None:
    client = signed_in(SENIOR)
    query = "?at=79.99"
    assert numbers(client, "simulator", query) == {
        "75": ["about 1 in 1,000", 4, 1, "+2"],
        "79.99": ["about 1 in 1,000", 3, 2, "+1"],
        "80, in force": ["about 1 in 10,000", 2, 3, "–"],
        "85": ["fewer than 1 in 10,000", 2, 3, "–"],
    }
    page = client.get(f"{PAGE}{query}").content.decode()
    assert "At 75, 2 more would pass by themselves: people approved 1, asked 1 for more." in page
    assert "At 80, as now, 2 pass by themselves and 3 go to review." in page
    assert "At 85, nothing would change." in page
    assert "Below 80 (75, 79.99): NIST SP 800-63A-4 asks" in page


@pytest.mark.parametrize(("days_ago", "counted"), [(6, 1), (7, 0)])
def test_a_period_is_whole_days_with_today_among_them(
    history: dict[str, Verification], signed_in: SignIn, days_ago: int, counted: int
) -> None:
    with time_machine.travel(NOW + timedelta(days=days_ago), tick=False):
        client = signed_in(AUDITOR)
        flags = {
            anchor: bool(numbers(client, anchor, "?days=7"))
            for anchor in ("flow", "agreement", "overrides", "reasons", "similarity", "times")
        }
        heads = {what: number for number, what, _bad in client.get(f"{PAGE}?days=7").context["heads"]}
    assert set(flags.values()) == {bool(counted)}, flags
    assert (heads["invited"], heads["decisions"]) == (str(8 * counted), str(6 * counted))


class Markup(HTMLParser):
    """Collects markup that a strict content security policy refuses; counts figures and tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.figures = self.tables = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _value in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.refused.append(tag)
        self.refused += [name for name in names if name == "style" or name.startswith("on")]
        self.figures += tag == "figure"
        self.tables += tag == "table"


def test_every_chart_has_its_numbers_beside_it_and_nothing_inline_or_personal(
    history: dict[str, Verification], signed_in: SignIn
) -> None:
    page = signed_in(SENIOR).get(PAGE).content.decode()
    markup = Markup(page)
    assert markup.refused == []
    assert markup.figures == markup.tables == 12
    for case in history.values():
        assert case.public_id not in page
        assert case.applicant.reference not in page
    assert "Alice" not in page

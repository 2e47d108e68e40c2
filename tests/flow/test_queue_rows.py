"""The review queue of a few cases: their order, what a row says, and which match a filter."""

from datetime import timedelta

import pytest

from tests.flow.conftest import LATER
from tests.flow.reviewing import change
from tests.flow.test_queue import QUEUE, rows, shown
from verification.actions import claim
from verification.states import Band

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}
FAILED = {"result": "FailedOperation.ActionFirstAction"}


def test_an_empty_queue_says_so(signed_in):
    assert "Nothing is waiting" in signed_in().get(QUEUE).content.decode()


def test_the_queue_is_ordered_by_due_time(road, emulator, signed_in):
    for hours, reference in ((2, "SECOND"), (3, "LAST"), (-30, "FIRST")):
        change(road.in_review(emulator, reference=reference), due_at=LATER + timedelta(hours=hours))
    client = signed_in()
    page = client.get(QUEUE).content.decode()
    assert shown(client) == ["FIRST", "SECOND", "LAST"]
    assert "30 h late" in page
    assert "2 h left" in page


def test_the_queue_shows_why_and_hides_the_name(road, emulator, signed_in):
    road.judged(emulator, BAND, name="Alice Example")
    page = signed_in().get(QUEUE).content.decode()
    assert "Passed by the vendor, but below your policy" in page
    assert "74.2" in page
    assert "A••• E•••" in page
    assert "Alice Example" not in page


def test_a_row_tells_the_newest_score(road, emulator, signed_in):
    case = road.judged(emulator, FAILED, BAND)
    (row,) = rows(signed_in())
    assert (row["case"], row["score"], row["attempts"]) == (case, "74.2", "2 of 3")


def test_a_row_says_that_all_attempts_are_used_up(road, emulator, signed_in):
    road.judged(emulator, FAILED, FAILED, FAILED, reference="USED")
    road.judged(emulator, FAILED, BAND, reference="LEFT")
    marked = {row["case"].applicant.reference: row["repeated"] for row in rows(signed_in())}
    assert marked == {"USED": True, "LEFT": False}


def test_the_score_of_a_spot_check_is_hidden(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    change(case, band=Band.SPOT_CHECK, main_reason="spot_check", reasons=["spot_check"])
    page = signed_in().get(QUEUE).content.decode()
    assert "hidden: spot check" in page
    assert "74.2" not in page


# The references of the cases that match a query.
MATCHES: dict[str, set[str]] = {
    "band=below": {"LOW"},
    "band=between": {"BAND"},
    "band=repeated": {"USED"},
    "band=above": set(),
    "band=nonsense": {"LOW", "BAND", "USED"},
    "reason=similarity_band": {"BAND"},
    "reason=similarity": {"LOW", "BAND", "USED"},
    "band=below&reason=similarity_band": {"BAND"},
    "band=below&reason=similarity": {"LOW"},
    "view=mine&band=below": {"LOW"},
    "view=mine&band=between": set(),
    "owner={reviewer}": {"LOW"},
    "owner=0{reviewer}": {"LOW"},
    "band=below&owner={reviewer}": {"LOW"},
    "band=between&owner={reviewer}": set(),
    "reason=similarity_band&owner={reviewer}": set(),
    "owner=0": set(),
    "owner=nobody": {"LOW", "BAND", "USED"},
    "owner=²": {"LOW", "BAND", "USED"},
    "owner=99999999999999999999999": {"LOW", "BAND", "USED"},
}


def test_the_queue_can_be_filtered(road, emulator, signed_in, staff):
    reviewer = staff("Reviewer")
    claim.claim(road.in_review(emulator, reference="LOW"), by=reviewer, now=LATER)
    road.judged(emulator, BAND, reference="BAND")
    road.judged(emulator, FAILED, FAILED, FAILED, reference="USED")
    client = signed_in()
    assert {query: set(shown(client, query.format(reviewer=reviewer.pk))) for query in MATCHES} == MATCHES

"""The statistics of a period: each figure of a small history by hand, and against the dashboard."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from tests.flow.conftest import LATER
from tests.flow.test_dashboard import SignIn, Staff, numbers
from tests.flow.test_dashboard_history import make
from tests.flow.test_staff_site import AUDITOR
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.exports.statistics import groups
from verification.exports.statistics.collect import FIGURES, as_json, collect
from verification.exports.statistics.figure import Rows
from verification.models import ProviderCall, StaffUser, Verification

pytestmark = pytest.mark.usefixtures("two_hours_later", "db")
NOVEMBER = Period.of_days(date(2026, 11, 1), date(2026, 11, 30))
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture(scope="module")
def history(once: Callable[..., dict[str, Verification]]) -> dict[str, Verification]:
    return once(make)


def made(period: Period = NOVEMBER, now: datetime = LATER) -> dict[str, Rows]:
    return collect(period, now, Progress())


def by(rows: Rows, *names: str, of: str = "") -> dict[str, Any]:
    """The rows by their first value: the values of these names."""
    first = of or next(iter(rows[0]))
    return {row[first]: tuple(row[name] for name in names) for row in rows}


# A small history, by hand


def test_every_decision_has_one_path(history: dict[str, Verification]) -> None:
    assert by(made()["outcomes_by_path"], "approved", "declined", "decided", "share") == {
        "By the policy alone": (2, 0, 2, "0.3333"),
        "By one person": (1, 2, 3, "0.5000"),
        "By two people": (1, 0, 1, "0.1667"),
        "All": (4, 2, 6, "1.0000"),
    }


def test_volumes_count_what_happened(history: dict[str, Verification]) -> None:
    found = by(made()["volumes"], "count")
    assert {what: count for what, (count,) in found.items() if count} == {
        "Invited": 8,
        "Begun (consent given)": 8,
        "Recordings handed in": 9,
        "Sent to review": 6,
        "Asked again by a reviewer": 1,
        "Decided": 6,
    }


def test_people_against_the_vendor_are_counted_in_both_directions(history: dict[str, Verification]) -> None:
    rows = [tuple(row.values())[:4] for row in made()["overrides"]]
    assert rows == [
        ("Approved by people", "Below 70", 0, 1),
        ("Approved by people", "Passed, below policy", 1, 0),
        ("Approved by people", "All", 1, 1),
        ("Declined by people", "Below 70", 1, 0),
        ("Declined by people", "Passed, below policy", 0, 1),
        ("Declined by people", "All", 1, 1),
    ]


def test_each_case_of_a_group_is_known_by_how_it_went(history: dict[str, Verification]) -> None:
    found = {case[4:]: count for case, count in groups.count(NOVEMBER).items()}
    # First recording passed, another needed, sent to review, status. Open cases are left out.
    assert found == {
        (True, False, False, "approved"): 1,
        (False, True, False, "approved"): 1,
        (True, False, True, "approved"): 1,
        (True, False, True, "declined"): 1,
        (False, False, True, "approved"): 1,
        (False, False, True, "declined"): 1,
    }


def test_a_group_of_few_is_not_told(history: dict[str, Verification]) -> None:
    rows = [row for rate in groups.RATES for row in made()[f"groups_{rate.key}"]]
    assert all(row["withheld"] and row["cases"] is None and row["share"] is None for row in rows)


def test_too_few_decisions_have_no_percentiles(history: dict[str, Verification]) -> None:
    found = by(made()["review_times"], "decided", "in_time", "median", "p95")
    assert found["All in review"] == (4, 4, None, None)
    assert found["By the policy alone"] == (2, None, None, None)


def test_vendor_calls_are_counted_by_what_they_came_to(history: dict[str, Verification]) -> None:
    found = by(made()["vendor_availability"], "calls", "share")
    assert found["Answered about the person"] == (9, "1.0000")
    assert found["Available: answered about the person or the recording"] == (9, "1.0000")


def test_a_figure_ends_with_its_period(history: dict[str, Verification]) -> None:
    before, after = date(2026, 11, 22), date(2026, 11, 24)
    for period in (Period.of_days(before, before), Period.of_days(after, after)):
        found = made(period)
        assert not any(count for (count,) in by(found["volumes"], "count").values())
        assert found["outcomes_by_path"][-1]["decided"] == 0
        assert groups.count(period) == {}


# Against the dashboard


def test_what_the_dashboard_tells_too_is_the_same(
    history: dict[str, Verification], signed_in: SignIn
) -> None:
    found, client = made(), signed_in(AUDITOR)
    volumes = {what: count for what, (count,) in by(found["volumes"], "count").items()}
    of_dashboard = ("Invited", "Recordings handed in", "Sent to review", "Decided")
    assert [volumes[name] for name in of_dashboard] == numbers(client, "flow")["23 Nov"]
    bands = {band: count for band, (count,) in by(found["bands"], "count").items() if count}
    assert bands == {band: row[0] for band, row in numbers(client, "bands").items()}
    approved = {row["band"]: [row["with_vendor"], row["against"]] for row in found["overrides"][:2]}
    assert approved == {band: row[:2] for band, row in numbers(client, "overrides").items()}
    given = {row["reason"]: [row["verdict"], row["count"]] for row in found["reasons"]}
    assert given == {reason: row[:2] for reason, row in numbers(client, "reasons").items()}
    codes = {row["code"]: row["calls"] for row in found["vendor_codes"]}
    assert codes == {code: row[1] for code, row in numbers(client, "codes").items()}
    in_time = by(found["review_times"], "in_time")["All in review"]
    assert list(in_time) == numbers(client, "in_time")["In time"][:1]


# Sums


def test_groups_add_up_to_all(history: dict[str, Verification]) -> None:
    found = made()
    assert sum(row["decided"] for row in found["outcomes_by_path"][:-1]) == 6
    assert sum(row["approved"] + row["declined"] for row in found["decisions_by_policy"]) == 6
    calls = [row["calls"] for row in found["vendor_availability"]]
    assert sum(calls[:-1]) == ProviderCall.objects.count() == 9
    assert sum(row["count"] for row in found["recordings"]) == 9
    months = [row for row in found["volumes_by_month"] if row["month"] == "2026-11"]
    assert [row["decided"] for row in months] == [6]


# What it may not tell


def test_nothing_about_a_person_is_in_the_statistics(history: dict[str, Verification], staff: Staff) -> None:
    told = json.dumps(as_json(NOVEMBER, LATER, made()))
    users = {user.username for user in StaffUser.objects.all()}
    for case in history.values():
        for secret in (case.public_id, case.applicant.public_id, case.applicant.reference, "Alice"):
            assert secret not in told
    assert not any(f'"{user}"' in told for user in users)


def test_every_column_of_a_row_is_defined_and_every_figure_has_rows(
    history: dict[str, Verification],
) -> None:
    found = made()
    assert list(found) == [figure.key for figure in FIGURES]
    for figure in FIGURES:
        names = {column.name for column in figure.columns}
        assert figure.meaning
        assert figure.query
        for row in found[figure.key]:
            assert set(row) == names, figure.key

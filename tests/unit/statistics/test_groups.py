"""Tables by group add up, tell no small count, and mark what is too few to compare."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from verification.exports.statistics import groups
from verification.exports.statistics.groups import ALL, ALL_OTHERS, Case, language_of, tables
from verification.exports.statistics.withholding import SMALLEST


def case(**changes: Any) -> Case:
    usual = Case(
        "Movements", "phone", "Chrome", "en", passed=True, again=False, reviewed=False, status="approved"
    )
    return usual._replace(**changes)


def of(rows, dimension: str = "Device class") -> dict[str, Any]:
    return {row["group"]: row for row in rows if row["dimension"] == dimension}


def test_a_group_is_compared_with_all_others_together() -> None:
    found = Counter(
        {
            case(): 400,
            case(passed=False, again=True): 100,
            case(device="computer"): 150,
            case(device="computer", passed=False, again=True): 50,
        }
    )
    rows = of(tables(found)["groups_passed"])
    phone, computer, every = rows["phone"], rows["computer"], rows[ALL]
    assert (phone["count"], phone["cases"], phone["share"]) == (400, 500, "0.8000")
    assert (computer["count"], computer["cases"], computer["share"]) == (150, 200, "0.7500")
    assert (every["count"], every["cases"]) == (550, 700)
    assert (phone["difference"], computer["difference"]) == ("0.0500", "-0.0500")
    assert float(phone["difference_low"]) < 0.05 < float(phone["difference_high"])
    assert phone["enough"]


def test_false_alarms_are_a_share_of_the_people_who_were_approved() -> None:
    found = Counter(
        {
            case(): 300,
            case(passed=False, again=True): 40,
            case(reviewed=True): 60,
            case(reviewed=True, passed=False, status="declined"): 50,
        }
    )
    row = of(tables(found)["groups_false_alarms"])["phone"]
    assert (row["count"], row["cases"], row["share"]) == (100, 400, "0.2500")


def test_a_group_of_less_than_a_hundred_is_marked() -> None:
    found = Counter({case(): 300, case(passed=False): 60, case(device="tablet"): 30})
    found[case(device="tablet", passed=False)] = 40
    rows = of(tables(found)["groups_passed"])
    assert (rows["tablet"]["enough"], rows["tablet"]["withheld"]) == (False, False)
    assert not rows["phone"]["enough"], "the others are too few to compare it with"


def test_many_languages_leave_the_smallest_together() -> None:
    found = Counter({case(language=f"l{number}"): 100 + number for number in range(30)})
    rows = of(tables(found)["groups_passed"], "Language")
    assert len(rows) == groups.MAX_GROUPS + 1
    assert rows[ALL_OTHERS]["cases"] == sum(100 + number for number in range(19))


def test_a_language_has_no_region() -> None:
    assert [language_of(locale) for locale in ("de-AT", "pt_BR", "EN", "zh-Hant-TW", "")] == [
        "de",
        "pt",
        "en",
        "zh",
        "not known",
    ]


CASES = st.builds(
    Case,
    mode=st.sampled_from(["Movements", "Hold still"]),
    device=st.sampled_from(["phone", "tablet", "computer"]),
    browser=st.sampled_from(["Chrome", "Safari", "Edge", "Opera"]),
    language=st.sampled_from(["de", "en"]),
    passed=st.booleans(),
    again=st.booleans(),
    reviewed=st.booleans(),
    status=st.sampled_from(["approved", "declined", "expired"]),
)
COUNTS = st.dictionaries(CASES, st.one_of(st.integers(1, 15), st.integers(1, 400)), max_size=30)


@given(COUNTS)
def test_no_table_tells_a_small_count(found: dict[Case, int]) -> None:
    for rows in tables(Counter(found)).values():
        for row in rows:
            for count in (row["cases"], row["count"]):
                assert count is None or count == 0 or count >= SMALLEST
            if row["count"] is not None:
                assert row["cases"] - row["count"] == 0 or row["cases"] - row["count"] >= SMALLEST


@given(COUNTS)
def test_groups_add_up_to_all_where_all_are_told(found: dict[Case, int]) -> None:
    for rows in tables(Counter(found)).values():
        for dimension, _group_of in groups.DIMENSIONS.values():
            told = of(rows, dimension)
            every = told.pop(ALL)
            for name in ("cases", "count"):
                values = [row[name] for row in told.values()]
                if None not in (*values, every[name]):
                    assert sum(values) == every[name]
                    assert name != "cases" or every[name] <= sum(found.values())


@given(COUNTS)
def test_approved_and_declined_and_the_rest_can_not_be_worked_out_if_one_is_small(
    found: dict[Case, int],
) -> None:
    made = tables(Counter(found))
    for approved, declined in zip(made["groups_approved"], made["groups_declined"], strict=True):
        assert (approved["count"] is None) == (declined["count"] is None)
        if approved["count"] is not None:
            rest = approved["cases"] - approved["count"] - declined["count"]
            assert rest == 0 or rest >= SMALLEST

"""The filters of the review queue: which filters the page shows as active, which its links keep."""

from html.parser import HTMLParser

import pytest

from tests.flow.conftest import LATER
from tests.flow.reviewing import change
from verification.actions import claim
from verification.states import Band

pytestmark = pytest.mark.usefixtures("an_hour_later")
QUEUE = "/admin/queue/"
LOW, TECHNICAL = Band.BELOW.value, Band.TECHNICAL.value


class Page(HTMLParser):
    """Reads the filters of a page: the marked chips, and the fields that the form would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.marked: list[str] = []
        self.links: dict[str, str] = {}
        self.sends: dict[str, str] = {}
        self._form = self._chip = self._list = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form":
            self._form = values.get("class", "")
        elif tag == "a" and values.get("href", "").startswith("?"):
            self._chip, self._current = values["href"], "aria-current" in values
        if self._form == "pick":
            self._fill_in(tag, values)

    def _fill_in(self, tag, values):
        if tag == "input":
            self.sends[values["name"]] = values["value"]
        elif tag == "select":
            self._list = values["name"]
            self.sends[self._list] = ""
        elif tag == "option" and "selected" in values:
            self.sends[self._list] = values["value"]

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = ""

    def handle_data(self, data):
        if self._chip and data.strip():
            self.links[data.strip()] = self._chip
            self.marked += [data.strip()] if self._current else []
            self._chip = ""


def look(client, query="") -> Page:
    return Page(client.get(f"{QUEUE}?{query}").content.decode())


def shown(client, query="") -> set[str]:
    page = client.get(f"{QUEUE}?{query}")
    return {row["case"].applicant.reference for row in page.context["rows"]}


def press_show(client, query, **choices) -> str:
    """The query that the form sends if only these fields are changed."""
    sends = look(client, query).sends
    assert set(choices) <= set(sends)
    answer = client.get(QUEUE, {**sends, **choices})
    return answer.context["chosen"].query


def make(road, emulator, staff):
    """The reviewer has claimed a "low" and a "technical" case, the colleague a "low" one; one "low" case is free."""
    reviewer, colleague = staff("Reviewer"), staff("Reviewer", "colleague")
    for reference, band, holder in (
        ("MINE", Band.BELOW, reviewer),
        ("BROKEN", Band.TECHNICAL, reviewer),
        ("THEIRS", Band.BELOW, colleague),
        ("FREE", Band.BELOW, None),
    ):
        case = road.in_review(emulator, reference=reference)
        change(case, band=band)
        if holder:
            claim.claim(case, by=holder, now=LATER)
    return reviewer


@pytest.fixture(scope="module")
def made(once):
    return once(make)


@pytest.fixture
def cases(made, db):
    """The cases of `make`; returns the reviewer."""
    return made


# What the page shows as active


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("", ["All"]),
        ("view=unassigned", ["Unassigned"]),
        ("view=unassigned&band=below", ["Unassigned", "Below 70"]),
        ("view=unassigned&reason=similarity_band", ["Unassigned"]),
        ("band=below&owner={reviewer}", ["All", "Below 70"]),
        ("view=due&owner={reviewer}", ["Due"]),
        ("view=snoozed&band=above", ["Snoozed", "At or above policy"]),
    ],
)
def test_the_view_and_the_band_that_are_applied_are_marked(cases, signed_in, query, marked):
    assert look(signed_in(), query.format(reviewer=cases.pk)).marked == marked


@pytest.mark.parametrize(
    "query", ["view=mine&band=below", "view=due&reason=similarity_band", "band=technical&owner={reviewer}"]
)
def test_pressing_show_changes_nothing_that_was_not_touched(cases, signed_in, query):
    query = query.format(reviewer=cases.pk)
    assert press_show(signed_in(), query) == query


def test_a_band_stays_when_an_owner_is_chosen(cases, signed_in):
    client = signed_in()
    query = press_show(client, f"band={LOW}", owner=str(cases.pk))
    assert query == f"band={LOW}&owner={cases.pk}"
    assert shown(client, query) == {"MINE"}


def test_a_reason_takes_the_place_of_a_band_and_leaves_the_owner(cases, signed_in):
    query = press_show(signed_in(), f"band={LOW}&owner={cases.pk}", reason="similarity_band")
    assert query == f"reason=similarity_band&owner={cases.pk}"


def test_a_band_takes_the_place_of_a_reason_and_leaves_the_view_and_the_owner(cases, signed_in):
    link = look(signed_in(), f"view=mine&reason=similarity_band&owner={cases.pk}").links["Below 70"]
    assert link == f"?view=mine&band={LOW}&owner={cases.pk}"


def test_choosing_a_view_begins_anew(cases, signed_in):
    links = look(signed_in(), f"view=mine&band={LOW}&owner={cases.pk}").links
    assert (links["All"], links["Mine"], links["Due"]) == ("?view=all", "?view=mine", "?view=due")


@pytest.mark.parametrize(
    "query", ["", "owner={reviewer}", "view=mine", f"band={TECHNICAL}&owner={{reviewer}}"]
)
def test_each_chip_tells_how_many_cases_a_press_on_it_shows(cases, signed_in, query):
    client = signed_in()
    page = client.get(f"{QUEUE}?{query.format(reviewer=cases.pk)}")
    chips = [*page.context["views"], *page.context["bands"]]
    assert len(chips) > len(page.context["views"])
    for chip in chips:
        assert str(len(shown(client, chip["query"]))) == chip["count"], chip


# Owners


def offered(client, query="") -> dict[str, str]:
    return dict(client.get(f"{QUEUE}?{query}").context["owners"])


def test_only_who_holds_a_case_is_offered_as_owner(cases, signed_in, staff):
    staff("Senior reviewer")
    assert list(offered(signed_in()).values()) == ["colleague", "reviewer"]


@pytest.mark.parametrize(
    ("group", "name"), [("Senior reviewer", "senior"), ("Operator", "unknown"), ("", "unknown")]
)
def test_an_owner_without_cases_is_still_shown_as_chosen(cases, signed_in, staff, group, name):
    """The page shows the name only of a reviewer: reviewers may not see the names of all staff."""
    client, key = signed_in(), str(staff(group).pk) if group else "0"
    assert offered(client, f"owner={key}")[key] == name
    assert look(client, f"owner={key}").sends["owner"] == key
    assert shown(client, f"owner={key}") == set()


def test_a_filter_without_a_case_leads_back(cases, signed_in):
    assert "Show the whole queue" in signed_in().get(f"{QUEUE}?band=between").content.decode()

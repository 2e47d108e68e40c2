"""How processes share an account's permits through its row."""

import pytest

from verification.vendor_accounts.pacing.permits import HOLD
from verification.vendor_accounts.pacing.shares import (
    GONE_AFTER,
    RENEW_EVERY,
    RENEWED_WITHIN,
    STOPPED_FOR,
    Membership,
    Settlement,
    Share,
)

TOTAL = 20
LATER = 0.001  # seconds


class Row:
    """The account's row, and the processes that settle with it."""

    def __init__(self, *names: str, total: int = TOTAL) -> None:
        self.shares: dict[str, Share] = {}
        self.total = total
        self.members = {name: Membership(name) for name in names}

    def asked(self, name: str, *, now: float = 0.0, waiting: int = 0) -> Settlement | None:
        """What the process would write; it is not written yet."""
        return self.members[name].settle(self.shares, total=self.total, waiting=waiting, now=now)

    def settle(self, name: str, *, now: float = 0.0, waiting: int = 0) -> int:
        """Settles, and returns how many permits the process holds then."""
        if settlement := self.asked(name, now=now, waiting=waiting):
            self.shares = settlement.shares
            self.members[name].written(settlement)
        return len(self.members[name].permits)

    def held(self) -> dict[str, int]:
        return {name: share.held for name, share in self.shares.items()}

    def use(self, name: str, *, now: float, left_at: float | None = None) -> bool:
        """Makes a call; it has left at `left_at`, or is still to leave."""
        taken = self.members[name].permits.take(now)
        if taken and left_at is not None:
            self.members[name].permits.give_back(left_at + HOLD)
        return taken


def written(settlement: Settlement | None) -> Settlement:
    assert settlement is not None
    return settlement


def test_a_process_without_calls_takes_nothing_and_writes_nothing() -> None:
    row = Row("a")
    assert row.asked("a") is None


def test_a_process_with_a_few_calls_takes_one_more_than_it_needs() -> None:
    assert Row("a").settle("a", waiting=3) == 4


def test_a_process_with_many_calls_takes_all_if_it_is_alone() -> None:
    assert Row("a").settle("a", waiting=60) == TOTAL


def test_two_never_hold_more_than_there_are() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=15)
    row.settle("b", waiting=60)
    assert row.held() == {"a": 16, "b": 4}


def test_a_process_with_more_than_its_part_gives_to_one_that_needs_more() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    assert row.settle("b", waiting=60) == 0
    assert row.settle("a", waiting=60) == 10
    assert row.settle("b", waiting=60) == 10


def test_what_was_used_just_now_is_given_only_when_it_has_cooled_down() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    for _ in range(TOTAL):
        assert row.use("a", now=0.0, left_at=0.0)
    row.settle("b", waiting=60)
    assert row.settle("a", waiting=60, now=HOLD - LATER) == TOTAL
    assert row.settle("a", waiting=60, now=HOLD) == 10


def test_what_is_in_use_is_not_given() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    for _ in range(TOTAL):
        row.use("a", now=0.0)
    row.settle("b", waiting=60)
    assert row.settle("a", waiting=60, now=2.0) == TOTAL


def test_a_process_that_has_no_more_calls_gives_all_back_and_leaves_the_row() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    assert row.settle("a", now=2.0) == 0
    assert row.shares == {}


def test_a_slower_pace_takes_permits_away_and_a_faster_one_brings_them_back() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    row.total = 10
    assert row.settle("a", waiting=60, now=1.0) == 10
    row.total = TOTAL
    assert row.settle("a", waiting=60, now=2.0) == TOTAL


def test_a_process_says_that_it_is_alive_now_and_then() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    assert row.asked("a", waiting=60, now=RENEW_EVERY - LATER) is None
    before = row.shares["a"].beat
    row.settle("a", waiting=60, now=RENEW_EVERY)
    assert row.shares["a"].beat > before


def test_a_process_that_could_not_say_so_stops_using_its_permits() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    member = row.members["a"]
    assert member.is_valid(RENEWED_WITHIN - LATER)
    assert not member.is_valid(RENEWED_WITHIN)


def test_a_new_process_may_use_nothing() -> None:
    assert not Membership("a").is_valid(0.0)


def test_it_counts_from_when_it_asked_and_not_from_when_the_row_was_written() -> None:
    row = Row("a")
    member = row.members["a"]
    settlement = written(row.asked("a", waiting=60))
    member.written(settlement)  # however late
    assert not member.is_valid(RENEWED_WITHIN)


def test_the_permits_of_a_process_that_says_nothing_are_taken_after_a_while() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=60, now=100.0)
    assert row.settle("b", waiting=60, now=100.0 + GONE_AFTER - LATER) == 0
    assert row.settle("b", waiting=60, now=100.0 + GONE_AFTER) == TOTAL
    assert set(row.shares) == {"b"}


def test_that_time_begins_anew_with_each_sign_of_life() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=1, now=100.0)
    row.settle("a", waiting=60, now=RENEW_EVERY)
    row.settle("b", waiting=1, now=101.0)
    row.settle("b", waiting=1, now=101.0 + GONE_AFTER - LATER)
    assert row.held()["a"] > 0


def test_whoever_was_taken_for_gone_holds_nothing_more() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=60, now=0.0)
    row.settle("b", waiting=60, now=GONE_AFTER)
    assert row.settle("a", waiting=60, now=GONE_AFTER) == 0
    assert not row.use("a", now=GONE_AFTER)


@pytest.mark.parametrize("seen", [True, False])
def test_what_it_gains_then_it_uses_only_when_its_calls_of_before_have_cooled_down(seen: bool) -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    for _ in range(TOTAL):
        row.use("a", now=0.0, left_at=2.0)
    row.shares = {}
    if not seen:  # the first gain was written, but nobody told the process
        row.shares = written(row.asked("a", waiting=60, now=2.5)).shares
    assert row.settle("a", waiting=60, now=2.6) == TOTAL
    assert not row.use("a", now=2.0 + HOLD - LATER)
    assert row.use("a", now=2.0 + HOLD)


def test_a_call_that_outlasts_its_process_s_share_takes_the_place_of_another() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    row.use("a", now=0.0)
    row.shares = {}
    assert row.settle("a", waiting=60, now=2.0) == TOTAL
    assert [row.use("a", now=2.0) for _ in range(TOTAL)] == [True] * (TOTAL - 1) + [False]


def test_a_settlement_that_another_process_forestalled_changes_nothing() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=60)
    settlement = written(row.asked("a", waiting=60))
    assert settlement.given == 10
    row.members["a"].not_written(settlement)
    assert len(row.members["a"].permits) == TOTAL


def test_what_may_have_been_given_is_not_used() -> None:
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=60)
    unseen = written(row.asked("a", waiting=60))  # and then the database is gone
    assert [row.use("a", now=0.0) for _ in range(11)] == [True] * 10 + [False]
    # That write may still be on its way when the row is read again.
    again = written(row.asked("a", waiting=60, now=0.5))
    assert not row.use("a", now=0.5)
    row.shares = unseen.shares
    row.members["a"].not_written(again)
    assert len(row.members["a"].permits) == 10
    assert row.settle("b", waiting=60) == 10


def test_what_was_not_given_after_all_is_used_again_once_that_is_written() -> None:
    row = Row("a")
    row.settle("a", waiting=60)
    assert written(row.asked("a", waiting=1, now=1.0)).given > 0  # which is lost
    assert row.settle("a", waiting=60, now=1.1) == TOTAL
    assert row.use("a", now=1.1)


def test_what_may_have_been_gained_is_not_used_before_it_is_seen_in_the_row() -> None:
    row = Row("a")
    row.shares = written(row.asked("a", waiting=60)).shares
    assert not row.use("a", now=0.0)
    assert row.settle("a", waiting=60) == TOTAL


def test_each_write_has_a_beat_of_its_own_even_if_the_one_before_was_not_seen() -> None:
    """Otherwise the others would take a process for gone that has just been renewed."""
    row = Row("a", "b")
    row.shares = written(row.asked("a", waiting=60)).shares
    row.settle("b", waiting=60, now=0.0)
    row.settle("a", waiting=60, now=GONE_AFTER - 0.1)
    assert row.members["a"].is_valid(GONE_AFTER)
    row.settle("b", waiting=60, now=GONE_AFTER)
    assert row.held()["a"] == 10


def test_a_process_may_be_stopped_between_its_look_at_the_clock_and_the_first_byte() -> None:
    """Until the others use its permits, a second has passed even then."""
    row = Row("a", "b")
    row.settle("a", waiting=60)
    row.settle("b", waiting=60)
    last_look = RENEWED_WITHIN - LATER
    assert row.members["a"].is_valid(last_look)
    leaves_at = last_look + STOPPED_FOR
    assert row.settle("b", waiting=60, now=leaves_at + HOLD - LATER) == 0


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_one_permit_is_held_by_one(order: str) -> None:
    row = Row("a", "b", total=1)
    for name in order:
        row.settle(name, waiting=5)
    assert sum(row.held().values()) == 1
    assert row.held()[order[0]] == 1


def test_eight_that_all_want_all_end_with_about_the_same() -> None:
    names = "abcdefgh"
    row = Row(*names)
    for beat in range(5):
        for name in names:
            row.settle(name, waiting=60, now=float(beat))
    held = row.held()
    assert sum(held.values()) == TOTAL
    assert min(held.values()) >= 2

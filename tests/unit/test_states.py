"""The tables of states are complete and consistent."""

import pytest

from verification.states import ATTEMPT_MOVES, MOVES, OWNERS, Actor, AttemptStatus, Owner, Status


def test_every_status_has_an_owner() -> None:
    assert set(OWNERS) == set(Status)


def test_every_attempt_status_says_what_may_follow() -> None:
    assert set(ATTEMPT_MOVES) == set(AttemptStatus)


@pytest.mark.parametrize("status", [status for status in Status if OWNERS[status] != Owner.NOBODY])
def test_a_status_that_is_somebodys_turn_has_a_way_on(status: Status) -> None:
    assert any(source == status for source, _ in MOVES)


def test_every_status_can_be_reached_from_the_invitation() -> None:
    reached = {Status.INVITED}
    while more := {target for source, target in MOVES if source in reached} - reached:
        reached |= more
    assert reached == set(Status)


def test_nobody_but_a_reviewer_declines() -> None:
    decliners = {
        actor for (_, target), move in MOVES.items() if target == Status.DECLINED for actor in move.actors
    }
    assert decliners == {Actor.REVIEWER}


def test_the_system_approves_only_what_it_has_checked() -> None:
    sources = {
        source
        for (source, target), move in MOVES.items()
        if target == Status.APPROVED and Actor.SYSTEM in move.actors
    }
    assert sources == {Status.CHECKING}

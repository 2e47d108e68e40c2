"""What the processes reach together when nothing is in their way (see `simulation`)."""

import pytest

from tests.unit.pacing.simulation import Adversary, Simulation


def world(pace: float = 20) -> Simulation:
    return Simulation(pace=pace, adversary=Adversary(1, {}))


def test_one_process_uses_almost_all_of_the_rate() -> None:
    alone = world()
    alone.process("alone", line=30, every=0.0)
    alone.run(60)
    assert alone.departed(1, 60) / 59 >= 19.4
    assert alone.most_within(1) == 20


@pytest.mark.parametrize("count", [2, 3, 8])
def test_many_processes_use_almost_all_of_the_rate_and_each_has_its_part(count: int) -> None:
    together = world()
    names = [f"process {number}" for number in range(count)]
    for name in names:
        together.process(name, line=30, every=0.0)
    together.run(60)
    assert together.departed(5, 60) / 55 >= 19
    for name in names:
        for start in range(5, 55, 5):
            assert together.departed(start, start + 5, name) >= 0.6 * 100 // count


def test_a_process_that_starts_later_has_its_part_soon() -> None:
    both = world()
    both.process("first", line=30, every=0.0)
    both.process("second", line=30, every=0.0, starts=10)
    both.run(30)
    assert both.departed(13, 18, "second") >= 45


def test_the_permits_of_a_process_that_died_are_used_by_the_others_within_eight_seconds() -> None:
    left = world()
    left.process("dying", line=30, every=0.0, dies=20)
    left.process("living", line=30, every=0.0)
    left.run(60)
    assert left.departed(28, 58) / 30 >= 19


def test_what_a_process_does_not_need_the_others_use() -> None:
    uneven = world()
    uneven.process("busy", line=30, every=0.0)
    uneven.process("idle", line=1, every=1.0)
    uneven.run(60)
    assert uneven.departed(5, 60) / 55 >= 18.5
    assert uneven.departed(5, 60, "idle") >= 30


def test_a_process_that_has_a_call_now_and_then_holds_few_permits() -> None:
    quiet = world()
    process = quiet.process("quiet", line=1, every=1.0)
    most = 0
    for second in range(1, 600):
        quiet.run(second / 10)
        most = max(most, len(process.membership.permits))
    assert 0 < most <= 5


def test_a_slowed_pace_is_reached_too() -> None:
    slow = world(pace=1.25)
    slow.process("alone", line=30, every=0.0)
    slow.run(60)
    assert 1.2 <= slow.departed(1, 60) / 59 <= 1.27


def test_a_process_that_falls_silent_leaves_its_row() -> None:
    silent = world()
    silent.process("first", line=30, every=0.0, dies=10)
    silent.process("second", line=30, every=0.0)
    assert set(silent.run(9).row.shares) == {"first", "second"}
    assert set(silent.run(20).row.shares) == {"second"}
    assert silent.row.shares["second"].held == 20


@pytest.mark.parametrize(("pace", "count"), [(1, 2), (5, 8), (1.25, 3)])
def test_more_processes_than_permits_have_them_by_turns(pace: float, count: int) -> None:
    crowd = world(pace=pace)
    for number in range(count):
        crowd.process(f"process {number}", line=30, every=0.0)
    crowd.run(60)
    departed = [crowd.departed(0, 60, f"process {number}") for number in range(count)]
    assert min(departed) >= 0.5 * sum(departed) / count
    assert sum(departed) >= 0.6 * 60 * pace

"""No second holds more calls than the rate, whatever an adversary does to the processes (see `simulation`)."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pacing.simulation import PPM, Adversary, Simulation
from verification.vendor_accounts.pacing.permits import HOLD

POINTS = [*Adversary.DELAYS, *Adversary.FATES, "outage"]
SECONDS = 25
thorough = settings(derandomize=True, max_examples=400, database=None)
brief = settings(thorough, max_examples=60)


@st.composite
def worlds(
    draw: Any, paces: tuple[float, ...], jitter: float = 0.005, drift: float = 100 * PPM
) -> Simulation:
    attacks = draw(st.dictionaries(st.sampled_from(POINTS), st.sampled_from([0.01, 0.05, 0.3]), max_size=5))
    adversary = Adversary(draw(st.integers(0, 2**32)), attacks)
    world = Simulation(pace=draw(st.sampled_from(paces)), adversary=adversary, jitter=jitter, drift=drift)
    for number in range(draw(st.integers(1, 8))):
        world.process(
            f"process {number}",
            line=draw(st.integers(1, 30)),
            every=draw(st.sampled_from([0.0, 0.2, 2.0, 5.0])),
            starts=draw(st.sampled_from([0.0, 0.5, 5.0, 12.0])),
            dies=draw(st.sampled_from([math.inf, 3.0, 9.0, 15.0])),
        )
    return world


@thorough
@given(worlds(paces=(1, 3, 20)))
def test_no_second_of_the_receiver_holds_more_than_the_rate(world: Simulation) -> None:
    assert world.run(SECONDS).most_within(1) <= world.total


@brief
@given(worlds(paces=(0.0625, 1.25, 2.5, 10)))
def test_at_a_slowed_pace_no_second_holds_more_than_the_pace_rounded_up(world: Simulation) -> None:
    assert world.run(SECONDS).most_within(1) <= world.total


@brief
@given(worlds(paces=(20,), jitter=0.0117))
def test_that_holds_with_almost_twelve_milliseconds_of_jitter(world: Simulation) -> None:
    assert world.run(SECONDS).most_within(1) <= 20


@brief
@given(worlds(paces=(20,), jitter=0.012, drift=0))
def test_and_with_all_twelve_where_the_clocks_are_exact(world: Simulation) -> None:
    assert world.run(SECONDS).most_within(1) <= 20


@brief
@given(worlds(paces=(20,), jitter=0.2))
def test_with_more_jitter_the_time_that_holds_no_more_than_the_rate_is_shorter_by_it(
    world: Simulation,
) -> None:
    assert world.run(SECONDS).most_within(HOLD - 0.2 - 0.001) <= 20


@brief
@given(worlds(paces=(20,), jitter=0.2))
def test_with_more_jitter_two_seconds_hold_what_they_may_and_one_second_more_at_most(
    world: Simulation,
) -> None:
    assert world.run(SECONDS).most_within(2 * HOLD - 0.2 - 0.001) <= 40


def test_these_sentences_would_not_hold_if_a_permit_were_free_a_little_sooner() -> None:
    world = Simulation(pace=20, adversary=Adversary(1, {}))
    for number in range(3):
        world.process(f"process {number}", line=20, every=0.0)
    world.hold = 1.0
    assert world.run(SECONDS).most_within(1) > 20

"""The rates at which calls reached the emulator, by its own clock: the moment at which a call's first byte came."""

from bisect import bisect_left
from typing import Any

from tests.services import Emulator


def counted(emulator: Emulator) -> dict[str, Any]:
    """The rate of all calls without their first and last tenth, and the most calls of one account in any second."""
    calls = emulator.calls()
    accounts = {call["credential_id"] for call in calls}
    of_each = [_times([call for call in calls if call["credential_id"] == account]) for account in accounts]
    return {
        "calls_per_second": round(_steady_rate(_times(calls)), 2),
        "max_in_any_second": max(map(_most_in_a_second, of_each)),
        "calls": len(calls),
    }


def _times(calls: list[dict[str, Any]]) -> list[float]:
    return sorted(call["began_monotonic"] for call in calls)


def _steady_rate(times: list[float]) -> float:
    steady = times[len(times) // 10 : len(times) - len(times) // 10]
    return (len(steady) - 1) / (steady[-1] - steady[0])


def _most_in_a_second(times: list[float]) -> int:
    """A second begins with a call and ends before its last moment: [at, at + 1)."""
    return max(bisect_left(times, at + 1) - index for index, at in enumerate(times))

"""The emulator's own record of every call, which tests compare with the portal's ledger.

It never holds media bytes, keys or signatures, only sizes, hashes and words.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Lock

from kyc_portal.sandbox.emulator.clock import Clock, iso

KEPT_CALLS = 10_000
# Longer words of a client are cut.
WORD_LIMIT = 100


class State(StrEnum):
    """The progress of a call. A test that needs it at one point polls the ledger until it is there."""

    # Until its body is complete and judged.
    RECEIVING = "receiving"
    # Complete and judged; its latency runs, or the fault is to never answer.
    WAITING = "waiting"
    # Complete and judged; the reply is held until it is released.
    HELD = "held"
    # A faulty reply is being sent, a drip for instance.
    ANSWERING = "answering"
    ANSWERED = "answered"
    # Nothing was answered: the client went away, or the server stopped.
    BROKEN_OFF = "broken_off"


@dataclass
class Call:
    """Filled in by the one thread that answers it, as far as the call got.

    It began to arrive with its first byte, arrived when the last byte of its head did, and is finished when nothing
    more will be answered.
    """

    number: int
    arrived_at: str
    began_monotonic: float
    arrived_monotonic: float
    state: State = State.RECEIVING
    finished_at: str | None = None
    finished_monotonic: float | None = None
    body_sha256: str | None = None
    body_size: int | None = None
    region: str | None = None
    credential_id: str | None = None
    # "valid", "unsigned-payload" or the code of the failure; None if it was not checked.
    signature: str | None = None
    liveness_type: str | None = None
    validate_data: str | None = None
    image_sha256: str | None = None
    video_sha256: str | None = None
    video_container: str | None = None
    video: dict[str, object] | None = None
    request_id: str | None = None
    # What the client got: a Result, an Error.Code or the name of a fault.
    answer: str | None = None
    # The Result or Error.Code of the checks and the script, with its similarity, even if a fault replaced it.
    verdict: str | None = None
    sim: float | None = None
    http_status: int | None = None


class Ledger:
    def __init__(self, clock: Clock, kept: int = KEPT_CALLS) -> None:
        self._clock = clock
        self._lock = Lock()
        self._calls: deque[Call] = deque(maxlen=kept)
        self._count = 0

    def open(self, began: float, arrived: float) -> Call:
        """A call whose first byte and whose head came at these moments, in seconds since 1970.

        Numbers continue after a clear, so that no two calls of a run share one.
        """
        began, arrived = self._clock.monotonic_of(began), self._clock.monotonic_of(arrived)
        arrived_at = iso(self._clock.now() - timedelta(seconds=self._clock.monotonic() - arrived))
        with self._lock:
            self._count += 1
            call = Call(self._count, arrived_at, began, arrived)
            self._calls.append(call)
            return call

    def close(self, call: Call, state: State) -> None:
        call.state = state
        call.finished_at = iso(self._clock.now())
        call.finished_monotonic = self._clock.monotonic()

    def snapshot(self, last: int = KEPT_CALLS) -> list[dict[str, object]]:
        with self._lock:
            calls = list(self._calls)[-last:]
        # Not asdict, which copies deeply: tests that wait for a state call this often.
        return [vars(call).copy() for call in calls]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


def word(value: str | None) -> str | None:
    return None if value is None else value[:WORD_LIMIT]

"""Processes that share an account's permits, in simulated time, with an adversary who holds up each of their steps.

The classes are the portal's own; what surrounds them does what `gate` does. Each process has a steady clock of its
own, which began at any time and goes up to 100 ppm too fast or too slow. Nobody looks at any other clock.

What is assumed: a call's first byte leaves less than STOPPED_FOR after its process was last entitled to use its
permits. So a thread may be held up for any time while its process goes on, but a process that is stopped as a whole,
between its last look at the clock and the first byte, may be stopped for so long only.
"""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from verification.vendor_accounts.pacing.gate import ASK_AGAIN, TRIES
from verification.vendor_accounts.pacing.permits import HOLD
from verification.vendor_accounts.pacing.shares import STOPPED_FOR, Membership, Share

PPM = 1e-6
LONGEST_STOP = STOPPED_FOR - 0.01  # the last part for clocks of another rate
KEEP_EVERY = 0.5

# A step of a thread; it is resumed so many seconds of true time after it yields.
Thread = Generator[float, None, None]


@dataclass
class Row:
    """The account's row: reads and compare-and-set writes are atomic."""

    shares: dict[str, Share] = field(default_factory=dict)
    version: int = 0

    def write(self, shares: dict[str, Share], version: int) -> bool:
        if version != self.version:
            return False
        self.shares, self.version = shares, version + 1
        return True


class Adversary:
    """Chooses how long each step takes and what becomes of each write.

    `shares` says for each point of attack which share of the steps there is held up, or which share of the writes has
    that fate; a point that is not named is left alone.
    """

    DELAYS = {
        "read": 2.0,
        "think": 8.0,
        "write": 5.0,
        "note": 5.0,
        "byte": LONGEST_STOP,
        "thread": 10.0,
        "left": 5.0,
        "keep": 4.0,
    }
    FATES = ("lost", "unseen", "late")
    OUTAGE = 8.0

    def __init__(self, seed: int, shares: Mapping[str, float]) -> None:
        self.random = random.Random(seed)
        self._shares = shares

    def delay(self, point: str) -> float:
        """Often just as long as is allowed, and often short."""
        most = self.DELAYS[point]
        if not self._strikes(point):
            return self.random.uniform(0.0, 0.001)
        return self.random.choice([most, most * self.random.random(), most * self.random.random() ** 4])

    def fate(self) -> str:
        """Of a write: seen, or with an error that came before it, after it, or before it was made all the same."""
        return next((fate for fate in self.FATES if self._strikes(fate)), "seen")

    def outages(self, seconds: float) -> list[tuple[float, float, str]]:
        """When a process can't be seen to write: from, to, and what becomes of its writes then."""
        starts = [at for at in range(int(seconds)) if self._strikes("outage")]
        return [
            (at, at + self.random.uniform(0.0, self.OUTAGE), self.random.choice(self.FATES)) for at in starts
        ]

    def _strikes(self, point: str) -> bool:
        return self.random.random() < self._shares.get(point, 0.0)


class Simulation:
    def __init__(
        self, *, pace: float, adversary: Adversary, jitter: float = 0.005, drift: float = 100 * PPM
    ) -> None:
        self.now = 0.0
        self.total = math.ceil(pace)
        self.hold = HOLD * self.total / pace
        self.gap = 1 / pace
        self.adversary = adversary
        self.row = Row()
        self.departures: list[tuple[float, str]] = []
        self.arrivals: list[float] = []
        self._jitter, self._drift = jitter, drift
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Callable[[], object]]] = []

    def process(
        self, name: str, *, line: int, every: float, starts: float = 0.0, dies: float = math.inf
    ) -> "Process":
        """A process that has `line` calls to make once in `every` seconds; if that is 0, always so many."""
        rate = 1 + self.adversary.random.uniform(-self._drift, self._drift)
        process = Process(self, name, self.adversary.random.uniform(-1e6, 1e6), rate, dies)
        self.later(starts, process.resumption(process.keep()))
        self.later(starts, process.resumption(process.calls(line, every)))
        return process

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._queue, (self.now + seconds, next(self._numbers), act))

    def run(self, seconds: float) -> "Simulation":
        while self._queue and self._queue[0][0] <= seconds:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        return self

    def depart(self, process: str) -> None:
        self.departures.append((self.now, process))
        late = self.adversary.random.choice(
            [0.0, self._jitter, self.adversary.random.uniform(0.0, self._jitter)]
        )
        self.arrivals.append(self.now + late)

    def most_within(self, seconds: float) -> int:
        """The most arrivals in any half-open window of so many seconds of the receiver's clock, which is true time."""
        return most_within(seconds, self.arrivals)

    def departed(self, start: float, end: float, process: str | None = None) -> int:
        return sum(start <= at < end and process in (None, who) for at, who in self.departures)


class Process:
    """One of the processes: a membership, the line of its calls, and the thread that keeps its share."""

    def __init__(self, world: Simulation, name: str, offset: float, rate: float, dies: float) -> None:
        self.membership = Membership(name)
        self._world, self._name = world, name
        self._offset, self._rate = offset, rate
        self._dies = dies
        self._outages = world.adversary.outages(60)
        self._settling = False
        self._asked_at = self._left_at = -math.inf
        self._waiting = self._in_use = 0

    def clock(self) -> float:
        return self._offset + self._world.now * self._rate

    def resumption(self, thread: Thread) -> Callable[[], object]:
        """What resumes the thread, unless its process has died."""

        def resume() -> None:
            if self._world.now < self._dies and (seconds := next(thread, None)) is not None:
                self._world.later(seconds, resume)

        return resume

    def keep(self) -> Thread:
        while True:
            yield from self._settle()
            yield KEEP_EVERY + self._world.adversary.delay("keep")

    def calls(self, line: int, every: float) -> Thread:
        while True:
            # Slots are due at any moment, however wrong the clocks are that they were planned with.
            yield self._world.adversary.random.uniform(0.0, 2 * every)
            for left in range(line, 0, -1):
                self._waiting = left
                yield from self._take()
                self._waiting = left - 1
                self._in_use += 1
                self.resumption(self._leave())()

    def _take(self) -> Thread:
        while True:
            now, permits = self.clock(), self.membership.permits
            more = len(permits) < self._world.total
            must_ask = not self.membership.is_valid(now + ASK_AGAIN) or (permits.next_at() > now and more)
            if must_ask and now - self._asked_at >= ASK_AGAIN:
                self._asked_at = now
                self.resumption(self._settle())()
            at = max(permits.next_at(), self._left_at + self._world.gap / 2)
            wait = min(at - now, ASK_AGAIN) if self.membership.is_valid(now) else ASK_AGAIN / 10
            if wait <= 0 and permits.take(now):
                self._left_at = now
                return
            yield max(0.0005, wait)

    def _leave(self) -> Thread:
        yield from self._held_up_before_the_first_byte()
        self._world.depart(self._name)
        yield self._world.adversary.delay("left")
        self.membership.permits.give_back(self.clock() + self._world.hold)
        self._left_at = self.clock()
        self._in_use -= 1

    def _held_up_before_the_first_byte(self) -> Thread:
        """For at most LONGEST_STOP; or for longer, until LONGEST_STOP after the process was last alive."""
        adversary = self._world.adversary
        yield adversary.delay("byte")
        until = self.clock() + adversary.delay("thread")
        while (left := until - self.clock()) > 0 and self.membership.is_valid(
            self.clock() - LONGEST_STOP + 0.1
        ):
            yield min(0.05, left)

    def _settle(self) -> Thread:
        if self._settling:
            return
        self._settling = True
        for _ in range(TRIES):
            if (yield from self._is_settled()):
                break
        self._settling = False

    def _is_settled(self) -> Generator[float, None, bool]:
        world = self._world
        yield world.adversary.delay("read")
        shares, version = world.row.shares, world.row.version
        yield world.adversary.delay("think")
        settlement = self.membership.settle(
            shares, total=world.total, waiting=self._waiting + self._in_use, now=self.clock()
        )
        if settlement is None:
            return True
        yield world.adversary.delay("write")
        fate = next(
            (fate for start, end, fate in self._outages if start <= world.now < end), world.adversary.fate()
        )
        if fate == "late":
            late = world.adversary.random.uniform(0.0, 8.0)
            world.later(late, lambda: world.row.write(settlement.shares, version))
        if fate in ("late", "lost"):
            return True
        written = world.row.write(settlement.shares, version)
        yield world.adversary.delay("note")
        if fate == "seen":
            (self.membership.written if written else self.membership.not_written)(settlement)
        return written or fate == "unseen"


def most_within(seconds: float, moments: list[float]) -> int:
    """The most of them in any half-open window of so many seconds."""
    moments = sorted(moments)
    most, first = 0, 0
    for number, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, number - first + 1)
    return most

"""Processor time and SQL statements by step. What a step calls that is a step of its own counts there alone."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from importlib import import_module
from typing import Any

REST = "rest"
_EXECUTE = "django.db.backends.utils:CursorWrapper.execute"


class Steps:
    """Measures the functions named in `table` while it is entered; `table` has the names ("module:name") by step.

    What the thread that entered it does besides is the step REST; of other threads only the named functions are
    measured. A name that does not exist raises AttributeError.
    """

    def __init__(self, table: Mapping[str, tuple[str, ...]]) -> None:
        self._table = table
        self._running = threading.local()
        self._lock = threading.Lock()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.called: Counter[str] = Counter()
        self.statements: Counter[str] = Counter()

    def __enter__(self) -> "Steps":
        with ExitStack() as stack:
            for step, names in self._table.items():
                for name in names:
                    stack.enter_context(_replaced(name, partial(self._measuring, step, name)))
            stack.enter_context(_replaced(_EXECUTE, self._counting))
            stack.enter_context(self._within(REST))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def _measuring(self, step: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def measured(*arguments: Any, **named: Any) -> Any:
            with self._within(step):
                self.called[name] += 1
                return function(*arguments, **named)

        return measured

    def _counting(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(execute)
        def counted(*arguments: Any, **named: Any) -> Any:
            self.statements[getattr(self._running, "step", REST)] += 1
            return execute(*arguments, **named)

        return counted

    @contextmanager
    def _within(self, step: str) -> Iterator[None]:
        outer = getattr(self._running, "step", None)
        self._go_on(step)
        try:
            yield
        finally:
            self._go_on(outer)

    def _go_on(self, step: str | None) -> None:
        """This thread is in another step now."""
        now, running = time.thread_time(), self._running
        if getattr(running, "step", None) is not None:
            with self._lock:
                self.seconds[running.step] += now - running.since
        running.step, running.since = step, now


@contextmanager
def _replaced(name: str, new: Callable[[Any], Any]) -> Iterator[None]:
    module, _, path = name.partition(":")
    owner: Any = import_module(module)
    *outer, attribute = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    setattr(owner, attribute, new(original))
    try:
        yield
    finally:
        setattr(owner, attribute, original)

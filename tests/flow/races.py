"""What happens between two steps of a request, for tests of races."""

from collections.abc import Callable
from typing import Any

import pytest


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], object]) -> None:
    """Calls `happens` once, just before the module's function `name` runs for the first time."""
    original, pending = getattr(module, name), [happens]

    def late(*args: Any, **kwargs: Any) -> Any:
        if pending:
            pending.pop()()
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, late)

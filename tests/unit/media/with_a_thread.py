"""A module that starts a thread when it is loaded, which is before its child is confined. For `test_child`."""

import queue
import threading
from pathlib import Path

_asked: queue.Queue[str] = queue.Queue()
_answered: queue.Queue[str] = queue.Queue()


def _serve() -> None:
    path = _asked.get()
    try:
        Path(path).read_bytes()
    except OSError as error:
        _answered.put(type(error).__name__)
    else:
        _answered.put("done")


def have_it_read(path: str) -> str:
    """What becomes of it when the thread that was there before reads the file."""
    _asked.put(path)
    return _answered.get(timeout=5)


threading.Thread(target=_serve, daemon=True).start()

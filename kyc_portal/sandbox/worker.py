"""The Celery worker and the beat of the demo, as threads inside the one web process.

The broker is that process's memory, so messages are lost with it. No work is lost: the rows are the queue, and the
sweep, which the beat sends every five seconds, sends messages again.
"""

import threading
from types import TracebackType
from typing import Any, Self

from celery import Celery, beat

from verification.jobs import doorbell


class EmbeddedWorker:
    """Runs the tasks of both queues on `concurrency` threads between `start` and `stop`."""

    def __init__(self, app: Celery, *, concurrency: int = 8) -> None:
        self._app = app
        self._worker: Any = app.WorkController(
            pool="threads",
            concurrency=concurrency,
            queues=["media", "liveness", "sweep"],
            hostname="embedded@localhost",
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._beat: Any = beat.EmbeddedService(
            app, thread=True, max_interval=1, scheduler_cls=app.conf.beat_scheduler
        )
        self._thread = threading.Thread(target=self._worker.start, name="embedded-worker", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        self._beat.daemon = True
        self._beat.start()
        # Work left over from an earlier process need not wait for the beat.
        self._app.send_task(doorbell.SWEEP, queue=doorbell.QUEUES[doorbell.SWEEP])
        return self

    def stop(self) -> None:
        self._beat.stop()
        self._worker.stop()
        self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

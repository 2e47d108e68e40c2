"""The Celery app. A message is only a doorbell: the row in the database is the queue."""

import ctypes
import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings

from kyc_portal.broker_tls import tls_of
from kyc_portal.startup import UnsafeInstallation, check_safe
from verification.jobs import doorbell


def _every(seconds: int, task: str, queue: str) -> dict[str, Any]:
    """An entry of the schedule. Its messages expire, so that a worker that comes back drops the old ones at once."""
    return {
        "task": task,
        "schedule": float(seconds),
        "options": {"queue": queue, "expires": doorbell.EXPIRES[task]},
    }


def _polling(broker_url: str) -> dict[str, float]:
    """The demo's in-memory broker has to be asked: every 5 ms, which takes one per cent of a processor.

    Redis would take it for the time after which its answer "nothing yet" is due, and be asked as often.
    """
    return {"polling_interval": 0.005} if broker_url.startswith("memory:") else {}


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
# `refuse_unsafe` runs the checks; Celery would run those of the pages too.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# From malloc.h: M_ARENA_MAX heaps, M_TRIM_THRESHOLD bytes that are kept, M_MMAP_THRESHOLD bytes from which memory comes
# from the system each time.
_MALLOC = {-8: 2, -1: 64 * 1024 * 1024, -3: 4 * 1024 * 1024}

app = Celery("kyc_portal", set_as_current=True)
app.config_from_object(
    {
        "broker_url": settings.CELERY_BROKER_URL,
        "broker_use_ssl": tls_of(settings.CELERY_BROKER_URL),
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "media",
        # docs/adr/0017: a message is acknowledged when a worker takes it up, and one thread speaks to the broker. With
        # Celery's reduced prefetch after a lost connection the tasks' own threads would speak to it too.
        "task_acks_late": False,
        "worker_enable_prefetch_count_reduction": False,
        # Cancels what is acknowledged late, which is nothing; without it each lost connection logs a warning about it.
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_consumer": "verification.jobs.consumer:Consumer",
        # Seconds, below the 60 s for which a lease is renewed, so that a stuck process is killed before another
        # worker may take its work. Threads can't be killed: there the call's deadline of 40 s ends the work, and
        # the fence refuses late writes.
        "task_time_limit": 55,
        "task_soft_time_limit": 50,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        # Celery would close a thread's database connection before and after each task; `verification.tasks` looks after
        # it. To open one takes as long as nine statements.
        "CELERY_DB_REUSE_MAX": sys.maxsize,
        # Workers and beat try for as long as it takes.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # Seconds. A page that sends a message must not wait long for a broker that hangs.
        "broker_connection_timeout": 4,
        # Connections for sending; more than a web process has threads, so that none waits for another's.
        "broker_pool_limit": 20,
        "broker_transport_options": {
            # Redis: seconds to connect and to be answered, and no copy of each message until it is acknowledged.
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
            "ack_emulation": False,
            # RabbitMQ: seconds to write.
            "write_timeout": 2,
            # Who sends a message does not wait for a broker that is gone.
            "max_retries": 0,
            **_polling(settings.CELERY_BROKER_URL),
        },
        "beat_schedule": {
            "sweep": _every(doorbell.SWEEP_EVERY, doorbell.SWEEP, "sweep"),
            "pulse of media": _every(10, doorbell.PULSE, "media"),
            "pulse of liveness": _every(10, doorbell.PULSE, "liveness"),
        },
        "beat_scheduler": "verification.jobs.beat:Scheduler",
        "timezone": "UTC",
    }
)
app.autodiscover_tasks(["verification"])
app.set_default()


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Celery leaves the logging alone as soon as this signal has a receiver."""


@worker_init.connect
def keep_memory(**kwargs: Any) -> None:
    """Share memory between threads and keep what was freed: each call needs ten megabytes for a moment.

    The C library gives each thread a heap of its own and returns memory at once. Sixty threads would hold hundreds of
    megabytes, and to take the pages from the system anew costs a call a quarter of its time. It is glibc's `mallopt`;
    others have none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in _MALLOC.items():
            mallopt(option, value)


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**kwargs: Any) -> None:
    try:
        check_safe(serves_pages=False)
    except UnsafeInstallation as error:
        # Celery ignores an ordinary exception of a receiver.
        raise SystemExit(str(error)) from error

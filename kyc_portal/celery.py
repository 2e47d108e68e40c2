"""The Celery app. A message is only a doorbell: the row in the database is the queue."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings

from kyc_portal.startup import UnsafeInstallation, check_safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
app = Celery("kyc_portal", set_as_current=True)
app.config_from_object(
    {
        "broker_url": settings.CELERY_BROKER_URL,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "media",
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # Below the 60 s for which a lease is renewed, so that a stuck process is gone before another may take its
        # work. Threads can't be ended: there the call's own deadline of 40 s ends it, and the fence voids what
        # comes too late.
        "task_time_limit": 55,
        "task_soft_time_limit": 50,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "visibility_timeout": 120,
            # Without these two, Redis gives a dead worker's messages back only every 100 s.
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            # The in-memory broker of the demo looks for messages this often, in seconds.
            "polling_interval": 0.05,
        },
        "beat_schedule": {
            "sweep": {
                "task": "verification.sweep",
                "schedule": 5.0,
                # Without a worker for a weekend they would pile up.
                "options": {"queue": "sweep", "expires": 10},
            }
        },
        "beat_scheduler": "celery.beat:Scheduler",
        "timezone": "UTC",
    }
)
app.autodiscover_tasks(["verification"])
app.set_default()


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """A receiver is all it takes for Celery to leave the logging as `kyc_portal.logging` configured it."""


@worker_init.connect
def wake_in_time(**kwargs: Any) -> None:
    """Sixty threads share an interpreter, and one that wakes for its slot may be late by a few milliseconds only."""
    sys.setswitchinterval(0.0005)


@worker_init.connect
def refuse_unsafe(**kwargs: Any) -> None:
    try:
        check_safe()
    except UnsafeInstallation as error:
        # Celery swallows an ordinary exception of a receiver and goes on.
        raise SystemExit(str(error)) from error

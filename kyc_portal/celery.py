"""The Celery app. A message is only a doorbell: the row in the database is the queue."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings

from kyc_portal.broker_tls import BROKER_TLS
from kyc_portal.startup import UnsafeInstallation, check_safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
app = Celery("kyc_portal", set_as_current=True)
app.config_from_object(
    {
        "broker_url": settings.CELERY_BROKER_URL,
        "broker_use_ssl": BROKER_TLS.get(settings.CELERY_BROKER_URL.partition(":")[0]),
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "media",
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # Seconds, below the 60 s for which a lease is renewed, so that a stuck process is killed before another
        # worker may take its work. Threads can't be killed: there the call's deadline of 40 s ends the work, and
        # the fence refuses late writes.
        "task_time_limit": 55,
        "task_soft_time_limit": 50,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "visibility_timeout": 120,
            # Without these two, a dead worker's messages return to the queue only every 100 s (Redis).
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            # Seconds between polls of the demo's in-memory broker.
            "polling_interval": 0.05,
        },
        "beat_schedule": {
            "sweep": {
                "task": "verification.sweep",
                "schedule": 5.0,
                # Seconds. Otherwise messages would pile up while no worker runs.
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
    """Celery leaves the logging alone as soon as this signal has a receiver."""


@worker_init.connect
def wake_in_time(**kwargs: Any) -> None:
    """Sixty threads share an interpreter, and a thread must start its call within 10 ms of its slot."""
    sys.setswitchinterval(0.0005)


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**kwargs: Any) -> None:
    try:
        check_safe()
    except UnsafeInstallation as error:
        # Celery ignores an ordinary exception of a receiver.
        raise SystemExit(str(error)) from error

"""Gunicorn settings of the demo: one process that serves pages, runs the tasks and the emulator."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from kyc_portal.celery import app
from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.worker import EmbeddedWorker

# One process only: the broker is this process's memory.
workers = 1
worker_class = "gthread"
threads = 16
timeout = 120
graceful_timeout = 5
accesslog = None
loglevel = "warning"
control_socket_disable = True


def emulator() -> EmulatorServer:
    """The emulator that the settings name as the vendor."""
    endpoint = urlsplit(settings.FACEID_ENDPOINT)
    return EmulatorServer(endpoint.hostname or "", endpoint.port or 0)


def post_worker_init(worker: Any) -> None:
    """After the fork: threads do not survive one."""
    emulator().start()
    EmbeddedWorker(app).start()

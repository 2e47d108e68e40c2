"""`manage.py demo`: one command from a clean clone to a running portal with cases in it.

It works in two stages of one process: the first writes ports and secrets to `.env` and executes the second, which
fills the database and then executes the web server.
"""

import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kyc_portal import env
from kyc_portal.celery import app
from kyc_portal.sandbox import server
from kyc_portal.sandbox.applicant import ensure_unused_link
from kyc_portal.sandbox.cases import make_cases
from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from kyc_portal.sandbox.overview import as_text, overview
from kyc_portal.sandbox.staff import make_staff
from kyc_portal.sandbox.worker import EmbeddedWorker
from verification.models import StaffUser

HOST = "127.0.0.1"
LAST_PORT = 65_534  # one more is left for the emulator, which takes the next if it can
DOTENV = env.PROJECT / ".env"


class Command(BaseCommand):
    help = "Set up and serve the demo on 127.0.0.1: portal, worker, emulator, staff logins and a few cases."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--settled", action="store_true", help="ports and secrets are in .env already")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["settled"]:
            self._settle(options["port"])
        self._fill()
        self._serve(options["port"])

    def _settle(self, port: int) -> None:
        if DOTENV.exists() and "KYC_MODE=demo" not in DOTENV.read_text(encoding="utf-8").splitlines():
            raise CommandError(
                "There is a .env that is not the demo's. Move it away first; nothing was done."
            )
        _check_free(port)
        values = settings_of(port)
        DOTENV.write_text(
            "# Written by `manage.py demo`; see .env.example for all settings.\n"
            + "".join(f"{name}={value}\n" for name, value in values.items()),
            encoding="utf-8",
        )
        command = [sys.executable, "manage.py", "demo", "--settled", "--port", str(port)]
        os.chdir(env.PROJECT)
        os.execve(sys.executable, command, {**os.environ, **values})

    def _fill(self) -> None:
        self.stdout.write("Setting up the database and the pages …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        make_staff()
        reviewer = StaffUser.objects.get(username="reviewer")
        self.stdout.write("Making the first cases through the real pages, worker and emulator …")
        with server.emulator() as emulator, EmbeddedWorker(app):
            make_cases(emulator, reviewer, self.stdout.write)
        now = timezone.now()
        ensure_unused_link(now=now)
        self.stdout.write(f"\n{as_text(overview(now=now))}")
        self.stdout.flush()

    def _serve(self, port: int) -> None:
        command = ["-m", "gunicorn", "-c", "python:kyc_portal.sandbox.server", "-b", f"{HOST}:{port}"]
        environment = {**os.environ, "GUNICORN_CMD_ARGS": ""}
        os.chdir(env.PROJECT)
        os.execve(sys.executable, [sys.executable, *command, "kyc_portal.wsgi"], environment)


def settings_of(port: int) -> dict[str, str]:
    """The demo's settings by name, whatever the environment says."""
    return {
        "KYC_MODE": "demo",
        # Blank means the demo's own: what the environment says for another installation is not used.
        "SECRET_KEY": "",
        "ALLOWED_HOSTS": "",
        "CSRF_TRUSTED_ORIGINS": "",
        "DATABASE_URL": "",
        "STORAGE_URL": "",
        "KYC_TRAIL_ANCHORS": "",
        "KYC_TRAIL_TSA_CA_FILE": "",
        "CELERY_BROKER_URL": "",
        "KYC_OUTBOUND_PROXY": "",
        "KYC_OUTBOUND_PROXY_FILE": "",
        "KYC_CA_FILE": "",
        "KYC_EMAIL_URL": "",
        "KYC_EMAIL_URL_FILE": "",
        "KYC_EMAIL_FROM": "",
        "KYC_SMS_SENDER": "",
        "KYC_ALERT_EMAIL": "",
        "KYC_ALERT_WEBHOOK": "",
        "KYC_ALERT_WEBHOOK_FILE": "",
        "KYC_ALERT_WEBHOOK_SECRET": "",
        "KYC_ALERT_WEBHOOK_SECRET_FILE": "",
        "KYC_PUBLIC_URL": f"http://{HOST}:{port}",
        "KYC_FACEID_ENDPOINT": f"http://{HOST}:{_free_port(port + 1)}",
        "KYC_FACEID_FALLBACK_REGIONS": "",
        "KYC_FACEID_MORE_ACCOUNTS": "",
        "KYC_ORGANISATION_NAME": "",
        "KYC_ORGANISATION_LOGO": "",
        "KYC_ORGANISATION_COLOUR": "",
        "KYC_ORGANISATION_CONTACT": "",
        "KYC_PRIVACY_NOTICE_URL": "",
        "KYC_LEGAL_BASIS": "",
        "KYC_DATA_PROTECTION_CONTACT": "",
        "TENCENTCLOUD_TOKEN": "",
        "TENCENTCLOUD_SECRET_ID": SANDBOX_SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": SANDBOX_SECRET_KEY,
    }


def _check_free(port: int) -> None:
    if not 0 < port <= LAST_PORT:
        raise CommandError(f"A port is a number from 1 to {LAST_PORT}, such as: make demo PORT=8001")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken. Choose another: make demo PORT=8001") from error


def _free_port(wanted: int) -> int:
    """`wanted` if it is free, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CommandError("No free port for the emulator.")

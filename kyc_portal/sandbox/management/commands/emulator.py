"""`manage.py emulator`: the CompareFaceLiveness emulator alone."""

import contextlib
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from kyc_portal.sandbox.emulator import EmulatorServer


class Command(BaseCommand):
    help = "Serve the CompareFaceLiveness emulator until interrupted. It checks requests; it judges no faces."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8010, help="0 takes a free port")
        parser.add_argument("--rate", type=int, default=20, help="calls a second")
        parser.add_argument("--latency-ms", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        server = EmulatorServer(
            options["host"], options["port"], rate=options["rate"], latency_ms=options["latency_ms"]
        )
        with server, contextlib.suppress(KeyboardInterrupt):
            self.stdout.write(f"emulator listening on {server.url}")
            self.stdout.flush()
            Event().wait()

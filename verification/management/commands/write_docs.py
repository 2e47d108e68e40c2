"""`manage.py write_docs`: the documents that are generated from the code's own tables."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from verification.management.documents import DOCUMENTS


class Command(BaseCommand):
    help = "Write the documents that are generated from the code, or check that they are in step."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail if a document is out of step"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stale = [
            name for name, write in DOCUMENTS.items() if not self._in_step(name, write(), options["check"])
        ]
        if stale:
            raise CommandError(f"Out of step with the code: {', '.join(stale)}. Run: make docs")

    def _in_step(self, name: str, text: str, check: bool) -> bool:
        path = Path(settings.BASE_DIR, name)
        if check:
            return path.is_file() and path.read_text(encoding="utf-8") == text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.stdout.write(f"wrote {name}")
        return True

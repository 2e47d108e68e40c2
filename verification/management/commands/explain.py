"""`manage.py explain`: makes the decisions on a case again from what is stored, and says where they differ."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verification import explain
from verification.explain import words
from verification.models import Verification

DIFFERS = 1  # exit codes
UNKNOWN_CASE = 2


class Command(BaseCommand):
    help = (
        "Apply the rules again to what is stored of a case, step by step. The exit code is 1 if anything differs from "
        "what the trail holds, and 2 if there is no such case."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verification", help="its id, ver_…")
        parser.add_argument("--json", action="store_true", help="as JSON, for a program")

    def handle(self, *args: Any, **options: Any) -> None:
        cases = Verification.objects.select_related("policy", "applicant", "final_review", "passing_call")
        case = cases.filter(public_id=options["verification"]).first()
        if case is None:
            raise CommandError("There is no verification with this id.", returncode=UNKNOWN_CASE)
        found = explain.explain(case)
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        else:
            self._tell(found)
        if found.differences:
            sys.exit(DIFFERS)

    def _tell(self, found: explain.Explanation) -> None:
        self.stdout.write(f"{found.case}: {found.status}")
        for number, step in enumerate(found.steps, 1):
            self._tell_step(number, step)
        self.stdout.write("")
        for code in found.not_kept:
            self.stdout.write(words.unknown(code))
        self.stdout.write(words.result(found.differences))

    def _tell_step(self, number: int, step: explain.Step) -> None:
        at = f"  {step.at:%Y-%m-%d %H:%M:%S} UTC" if step.at else ""
        self.stdout.write(f"\n{number}. {words.title(step)} ({words.BY[step.rule]}){at}")
        for heading, facts in (("got", step.got), ("gave", step.gave)):
            for name, value in words.pairs(facts):
                self.stdout.write(f"   {heading:4}  {name}: {value}")
        for code in step.unknown:
            self.stdout.write(f"   ?     {words.unknown(code)}")
        for difference in step.differences:
            self.stdout.write(f"   DIFFERS  {words.difference(difference)}")

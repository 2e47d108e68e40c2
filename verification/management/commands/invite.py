"""Invites a person from the command line. The link is the last line, so that a script can take it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit, validators
from verification.actions.invite import DuplicateReference, invite
from verification.invitations.case import PolicyNotAdopted
from verification.states import Mode

SENTENCES = {
    "name_required": "A name is needed.",
    "reference_required": "A reference is needed.",
    "too_long": f"A name or a reference has {validators.MAX_LENGTH} characters at most.",
    "too_many_marks": "The name has too many marks on one letter.",
    "invalid_character": "The name or the reference holds a character that is not allowed there.",
    "invalid_contact": "This is not an e-mail address.",
}


class Command(BaseCommand):
    help = "Invite a person to a verification and print their link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reference", required=True, help="Your own id of the person.")
        parser.add_argument("--name", required=True, help="The person's name as on the ID document.")
        parser.add_argument("--email", default="", help="The person's e-mail address.")
        parser.add_argument(
            "--locale", default=settings.LANGUAGE_CODE, help="Language of the pages; if unknown, the default."
        )
        parser.add_argument("--mode", choices=Mode.values, help="Liveness mode; without it, policy decides.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            invitation = invite(
                reference=validators.reference(options["reference"]),
                name=validators.person_name(options["name"]),
                email=validators.email(options["email"]),
                locale=validators.locale(options["locale"]),
                mode=options["mode"] and Mode(options["mode"]),
                by=audit.By.shell(),
                now=timezone.now(),
            )
        except validators.UnfitText as unfit:
            raise CommandError(SENTENCES[unfit.code]) from None
        except PolicyNotAdopted as refused:
            raise CommandError(str(refused)) from None
        except DuplicateReference:
            raise CommandError(
                "A verification for this reference is already under way. Cancel it first."
            ) from None
        invited = invitation.verification
        self.stdout.write(f"{invited.public_id} waits until {invited.link_expires_at:%Y-%m-%d %H:%M} UTC.")
        self.stdout.write(invitation.link)

"""A checkpoint by e-mail: a mailbox of somebody else is a place that we can't change afterwards."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from django.utils.translation import gettext as _

from verification.anchors.place import Newest, NotTaken, Taken
from verification.messages import MailServer
from verification.messages import errors as mail_errors
from verification.messages.mail import Email

# Somebody has to keep them.
EVERY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Letter:
    address: str
    to: str
    every: ClassVar[timedelta] = EVERY

    def take(self, newest: Newest, before: int) -> Taken:
        subject = _("Checkpoint of %(origin)s: %(size)s entries") % {
            "origin": newest.origin,
            "size": newest.size,
        }
        try:
            with MailServer() as server:
                server.send(Email([self.to], subject, _text(newest), f"checkpoint-{newest.size}"))
        except (mail_errors.NotTaken, mail_errors.Refused) as error:
            raise NotTaken(error.code) from None
        return Taken()


def _text(newest: Newest) -> str:
    return "\n".join(
        [
            _("Keep this e-mail. It shows later whether the audit trail was changed behind these entries:"),
            _("the part below is a signed checkpoint, which docs/trail.md tells how to check."),
            "",
            newest.note,
        ]
    )

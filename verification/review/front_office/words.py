"""Where an invitation stands, and what is wrong with a line or a file, in words for people without our terms."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import validators
from verification.invitations import csv_file
from verification.invitations.people import Fault
from verification.labels import Labels, label
from verification.models import Verification
from verification.states import Status

# How a case ended is not the front office's to know; that a link ran out, or the case was cancelled, is.
STANDS: Labels = {
    Status.INVITED: gettext_lazy("waiting for the applicant"),
    Status.COLLECTING: gettext_lazy("waiting for the applicant"),
    Status.CHECKING: gettext_lazy("being checked"),
    Status.IN_REVIEW: gettext_lazy("with a reviewer"),
    Status.EXPIRED: gettext_lazy("ended: the link ran out"),
    Status.CANCELLED: gettext_lazy("ended: cancelled"),
}
ENDED = gettext_lazy("ended")

FAULTS: Labels = {
    "reference_required": gettext_lazy("A reference is needed."),
    "name_required": gettext_lazy("A name is needed."),
    "too_long": gettext_lazy("This is longer than %(most)s characters."),
    "too_many_marks": gettext_lazy("A letter has too many marks."),
    "invalid_character": gettext_lazy("This holds a character that is not allowed here."),
    "invalid_contact": gettext_lazy("This is not an e-mail address."),
    "invalid_mode": gettext_lazy("The mode is ACTION, SILENT, or nothing."),
    "surplus": gettext_lazy(
        "There are more cells than columns. Put text that holds the separator in quotes."
    ),
    "repeated": gettext_lazy("The same reference is in line %(other)s."),
    "open_case": gettext_lazy("This reference is invited already, and has not ended."),
    "erased": gettext_lazy("The applicant of this reference was erased. Use another reference."),
}

# Of a file as a whole.
UNREADABLE: Labels = {
    "too_large": gettext_lazy("The file is too large. Split it."),
    "workbook": gettext_lazy(
        "This is a workbook. In your spreadsheet, save it as “CSV UTF-8”, and send that file."
    ),
    "utf16": gettext_lazy(
        "This text is in UTF-16. In your spreadsheet, save it as “CSV UTF-8”, and send that file."
    ),
    "not_utf8": gettext_lazy(
        "Line %(about)s is not in UTF-8, so its names can't be read for sure. In your spreadsheet, save the file as "
        "“CSV UTF-8”."
    ),
    "no_header": gettext_lazy(
        "The first line must name the columns. “reference” and “name” are needed; “email”, “language” and “mode” may "
        "be there."
    ),
    "duplicate_column": gettext_lazy("The column “%(about)s” is there twice."),
    "unknown_column": gettext_lazy(
        "The column “%(about)s” is not known. Known are “reference”, “name”, “email”, “language” and “mode”."
    ),
    "too_many_lines": gettext_lazy("The file has more than %(lines)s lines. Split it."),
    "broken_quotes": gettext_lazy(
        "From line %(about)s on the file can't be read: a quotation mark is not closed there."
    ),
    "no_lines": gettext_lazy("The file names no person."),
    "no_file": gettext_lazy("Choose a file."),
    "incomplete": gettext_lazy("The file did not arrive whole. Please send it again."),
    "busy": gettext_lazy("Many files are being sent just now. Please try again in a minute."),
}


def stands(case: Verification) -> str:
    return str(STANDS.get(case.status, ENDED))


def link(case: Verification, now: datetime) -> tuple[str, str]:
    """Whether the link of an open case works, as (tone, sentence)."""
    if case.link_revoked_at is not None:
        return "bad", _("The link was ended. Make a new one.")
    if case.link_expires_at <= now:
        return "bad", _("The link ran out. Make a new one.")
    if case.link_contested_at is not None:
        return "warn", _(
            "The link was used on too many devices. Ask the person, and make a new one if in doubt."
        )
    return "good", ""


def fault(found: Fault) -> str:
    values = {"most": validators.MAX_LENGTH, "other": found.other}
    return label(FAULTS, found.code) % values


def unreadable(error: csv_file.Unreadable) -> str:
    return label(UNREADABLE, error.code) % {"about": error.about, "lines": f"{csv_file.MAX_LINES:,}"}

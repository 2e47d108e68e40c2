"""The hint for reviewers that something may be wrong with the ID photo, and what the applicant did when told so."""

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import labels
from verification.models import Document
from verification.review.case.capture_signals import Signal

_SEEN: labels.Labels = {
    "dark": gettext_lazy("very dark"),
    "no_face": gettext_lazy("no face found"),
    "sideways": gettext_lazy("the face lies on its side"),
    "several_faces": gettext_lazy("more than one face"),
    "small_face": gettext_lazy("very small face"),
    "blurred": gettext_lazy("blurred face"),
    "glare": gettext_lazy("glare on the face"),
}


def of_document(document: Document | None) -> list[Signal]:
    """The hint about one ID photo: none if nothing seems to be wrong with it."""
    if document is None or not document.advice:
        return []
    seen = ", ".join(labels.label(_SEEN, code) for code in document.advice)
    return [
        Signal(
            "photo_advice",
            _("The ID photo may be hard to compare"),
            f"{seen}; {_choice(document)}",
            _(
                "The vendor may compare it badly, and a low score may come from the photo. Look at it yourself."
            ),
            _(
                "A program looked at the photo, and it errs. People keep a photo when they see nothing wrong with it."
            ),
        )
    ]


def _choice(document: Document) -> str:
    if document.used_anyway_at is None:
        return _("the applicant has not said whether to keep it")
    return _("the applicant was told and used it anyway, %(at)s") % {
        "at": date_format(document.used_anyway_at, "j M H:i")
    }

"""Why a reviewer decided: a closed list. Each reason has words for staff, and others for the applicant."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from verification.hints import HINTS

LIST_VERSION = 1


@dataclass(frozen=True)
class Reason:
    """`verdict` is the verdict it may stand with; `step` and `hint` say what an applicant who is asked again does."""

    code: str
    verdict: str
    label: Any
    applicant_text: Any
    step: str = ""
    hint: str = ""


_WELCOME = _("Your identity was confirmed.")
_NOT_CONFIRMED = _("We could not confirm your identity from what you sent.")
_ALL = (
    Reason("same_person", "approve", _("Same person, beyond reasonable doubt"), _WELCOME),
    Reason("vendor_error", "approve", _("Same person; the automatic check erred"), _WELCOME),
    Reason("different_person", "decline", _("Different person"), _NOT_CONFIRMED),
    Reason("not_live", "decline", _("Not a live recording"), _NOT_CONFIRMED),
    Reason("document_not_genuine", "decline", _("ID photo altered or not genuine"), _NOT_CONFIRMED),
    Reason("cannot_tell", "decline", _("Evidence stays unclear after all attempts"), _NOT_CONFIRMED),
    Reason(
        "photo_unclear",
        "ask_again",
        _("ID photo too unclear to compare"),
        HINTS["photo_sharper"],
        "document",
        "photo_sharper",
    ),
    Reason(
        "photo_wrong",
        "ask_again",
        _("ID photo shows the wrong thing"),
        HINTS["photo_whole_face"],
        "document",
        "photo_whole_face",
    ),
    Reason(
        "video_unclear",
        "ask_again",
        _("Video too unclear to compare"),
        HINTS["hold_still"],
        "capture",
        "hold_still",
    ),
    Reason(
        "face_hidden",
        "ask_again",
        _("Face covered or partly out of view"),
        HINTS["whole_face"],
        "capture",
        "whole_face",
    ),
    Reason(
        "technical_failure",
        "ask_again",
        _("The automatic check failed for technical reasons"),
        HINTS["record_again"],
        "capture",
        "record_again",
    ),
)

REASONS = {reason.code: reason for reason in _ALL}


def reasons_for(verdict: str) -> list[Reason]:
    return [reason for reason in _ALL if reason.verdict == verdict]

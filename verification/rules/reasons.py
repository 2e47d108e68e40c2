"""The closed list of reasons for a reviewer's acts. Each has words for staff, and others for the applicant.

A change of the list raises LIST_VERSION, which every review records. A code that was ever used never gets another
meaning.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from verification.hints import HINTS

LIST_VERSION = 3


@dataclass(frozen=True)
class Reason:
    """`verdict` is the verdict it may stand with; `step` and `hint` say what an applicant who is asked again does.

    `applicant_text` is empty where the applicant reads nothing.
    """

    code: str
    verdict: str
    label: Any
    applicant_text: Any = ""
    step: str = ""
    hint: str = ""


def _ask(code: str, label: Any, step: str, hint: str) -> Reason:
    return Reason(code, "ask_again", label, HINTS[hint], step, hint)


_WELCOME = _("Your identity was confirmed.")
# The class of the reason, which is all that an applicant is told: the details would teach whoever deceives.
_BY_FACE = _("The reason is the comparison of your face with your ID.")
_BY_VIDEO = _("The reason is your video.")
_BY_DOCUMENT = _("The reason is the photo of your ID.")
_BY_ANYTHING = _("The reason is what you sent as a whole.")
_ALL = (
    Reason("same_person", "approve", _("Same person, beyond reasonable doubt"), _WELCOME),
    Reason("vendor_error", "approve", _("Same person; the automatic check erred"), _WELCOME),
    Reason("different_person", "decline", _("Different person"), _BY_FACE),
    Reason("not_live", "decline", _("Not a live recording"), _BY_VIDEO),
    Reason("document_not_genuine", "decline", _("ID photo altered or not genuine"), _BY_DOCUMENT),
    Reason("cannot_tell", "decline", _("Evidence stays unclear after all attempts"), _BY_ANYTHING),
    Reason("document_not_accepted", "decline", _("Not an ID, or of a kind not accepted"), _BY_DOCUMENT),
    Reason("document_expired", "decline", _("The ID has expired"), _BY_DOCUMENT),
    Reason("name_differs", "decline", _("The name on the ID is not the invited one"), _BY_DOCUMENT),
    _ask("photo_unclear", _("ID photo too unclear to compare"), "document", "photo_sharper"),
    _ask("photo_wrong", _("ID photo shows the wrong thing"), "document", "photo_whole_face"),
    _ask("video_unclear", _("Video too unclear to compare"), "capture", "hold_still"),
    _ask("face_hidden", _("Face covered or partly out of view"), "capture", "whole_face"),
    _ask(
        "technical_failure", _("The automatic check failed for technical reasons"), "capture", "record_again"
    ),
    _ask("photo_other_id", _("Not an ID of an accepted kind, or expired"), "document", "photo_valid_id"),
    _ask("photo_covered", _("Something covers the ID"), "document", "photo_nothing_covered"),
    Reason("blind_yes", "blind", _("The same living person, before the score was shown")),
    Reason("blind_no", "blind", _("Not the same, or can't tell, before the score was shown")),
    Reason("unsure", "escalate", _("I can't tell")),
    Reason("fraud_suspected", "escalate", _("It looks like fraud")),
    Reason("unusual_document", "escalate", _("I don't know this kind of document")),
    Reason("waiting_for_information", "snooze", _("Waiting for information from elsewhere")),
    Reason("fresh_eyes", "snooze", _("To be looked at with fresh eyes")),
    Reason("vendor_trouble", "snooze", _("Until the vendor works again")),
    Reason("knows_applicant", "step_aside", _("Personally: family, friend, colleague, neighbour")),
    Reason("own_interest", "step_aside", _("I have an interest in the outcome")),
    Reason("disagree", "hand_back", _("I come to another verdict")),
    Reason("reason_unclear", "hand_back", _("The reason given does not convince")),
    Reason("withdrawn", "hand_back", _("Withdrawn by its proposer")),
    Reason("appeal", "reopen", _("The applicant appealed")),
    Reason("new_information", "reopen", _("New information")),
    Reason("mistake", "reopen", _("The decision was a mistake")),
    Reason("invited_by_mistake", "cancel", _("Invited by mistake, or twice")),
    Reason("not_needed", "cancel", _("No longer needed")),
    Reason("applicant_withdrew", "cancel", _("The applicant does not want to go on")),
    Reason("another_way", "cancel", _("Identified in another way")),
)

REASONS = {reason.code: reason for reason in _ALL}
# No longer offered, but used in earlier reviews.
RETIRED = {"reopened": _("Reopened")}


def reasons_for(verdict: str) -> list[Reason]:
    return [reason for reason in _ALL if reason.verdict == verdict]


def label(code: str) -> str:
    """The reason in words, also one that is no longer on the list."""
    return str(REASONS[code].label) if code in REASONS else str(RETIRED.get(code, code))

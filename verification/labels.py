"""Readable labels of codes: reasons, events, movements, media facts.

Tables and look-ups only, for the staff site and for documents made of a case. A code without a label is shown as it is,
with spaces for underscores, and never hidden.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.audit.kinds import KINDS
from verification.models import Review, Stage

Labels = Mapping[str, str | Promise]

# Why a case went to review, by the code of the rule in `rules.decision`.
WHY_HERE: Labels = {
    "similarity_band": gettext_lazy("Passed by the vendor, but below your policy"),
    "low_similarity": gettext_lazy("The vendor scored the faces below 70"),
    "inconsistent_answer": gettext_lazy("The vendor's answer contradicts itself"),
    "unknown_code": gettext_lazy("The vendor answered with a code we don't know"),
    "repeated_request_id": gettext_lazy(
        "The vendor gave this RequestId to another call too: the answer may be about somebody else"
    ),
    "suspicion": gettext_lazy("The vendor suspects a staged or replayed picture"),
    "attempts_used_up": gettext_lazy("All attempts are used up"),
    "unknown_outcome": gettext_lazy("Two calls ended without an answer"),
    "vendor_unavailable": gettext_lazy("The vendor's service kept failing"),
    "bad_answer": gettext_lazy("The vendor's answer could not be read"),
    "video_refused": gettext_lazy("The vendor could not read the recording, nor a smaller copy of it"),
    "rejected": gettext_lazy("The vendor refused our request"),
    "request_too_large": gettext_lazy("Photo and recording are too large for the vendor"),
    "empty_media": gettext_lazy("The photo or the recording is empty"),
    "unsupported_challenge": gettext_lazy("The vendor does not offer these movements"),
    "integrity_error": gettext_lazy("A stored file is damaged"),
    "cannot_process": gettext_lazy("Working on it kept failing"),
    "reused_video": gettext_lazy("An old recording was sent once more"),
    "similar_video": gettext_lazy("The recording is a copy of an earlier one"),
    "alike_video": gettext_lazy("The recording looks like one of another applicant"),
    "shared_photo": gettext_lazy("Another applicant sent the same ID photo"),
    "alike_photo": gettext_lazy("The ID photo looks the same as another applicant's"),
    "device_changed": gettext_lazy("The evidence came from more than one device"),
    "erased": gettext_lazy("The evidence was erased before it was checked"),
    "reopened": gettext_lazy("Reopened"),
    "spot_check": gettext_lazy("Spot check: selected at random from what passed"),
    "document_check": gettext_lazy("Passed: a person has to check the document"),
}

# Why the policy requires a second person, by the code of the rule in `rules.four_eyes`.
WHY_SECOND: Labels = {
    "override": gettext_lazy("it goes against what the vendor found"),
    "flagged": gettext_lazy("the case is flagged"),
    "shared": gettext_lazy("another applicant sent the same photo or recording, or one like it"),
    "band": gettext_lazy("the similarity is in the policy's band for two"),
    "blind": gettext_lazy("a reviewer declined it before seeing the score"),
    "share": gettext_lazy("this case was selected at random"),
    "document": gettext_lazy("a reviewer answered a question about this document with no"),
    "decline": gettext_lazy("your policy asks for two to decline"),
}

# What a check of the document came to, among what reviewers said.
DOCUMENT_STATES: Labels = {
    "done": gettext_lazy("Document: passed"),
    "failed": gettext_lazy("Document: not passed"),
    "to_do": gettext_lazy("Document: begun"),
}

# What each flag means, and what it does not prove.
FLAGS: Labels = {
    "reused_video": gettext_lazy(
        "A file was sent that had been sent before, byte for byte, and was refused. It is not among the attempts. "
        "A live recording is never the same twice; a browser that sends again by mistake may do this once."
    ),
    "similar_video": gettext_lazy(
        "At least four of five pictures are those of an earlier recording, pixel by pixel. A camera never makes the "
        "same picture twice: this file was copied, cut or put into another container."
    ),
    "alike_video": gettext_lazy(
        "The pictures look much like those of an earlier recording. The same person in the same place may do that, and "
        "so does a recording that was filmed from a screen or played into a virtual camera. Compare both."
    ),
    "shared_photo": gettext_lazy(
        "The file of the ID photo is the same as another applicant's, byte for byte, or has the very same pixels. "
        "Somebody sent it under both names, or one person was invited twice. It does not say whose it is."
    ),
    "alike_photo": gettext_lazy(
        "The ID photo is very likely the same picture as another applicant's, encoded anew or in another size. IDs of "
        "one kind share their layout, so those of two people who look much alike may come near. Compare both."
    ),
    "device_changed": gettext_lazy(
        "A photo or an earlier recording of this case came from another browser or device than this recording. People "
        "change from a computer to their phone; a link that somebody else uses looks the same. Check that the ID and "
        "the face belong to the person who was invited."
    ),
}

# What makes an ID photo another applicant's, by the fact of its flag.
SAME: Labels = {
    "bytes": gettext_lazy("the same bytes"),
    "pixels": gettext_lazy("the same pixels in another file"),
}

EVENTS: Labels = {kind.code: kind.words for kind in KINDS.values()}

ACTORS: Labels = {
    "applicant": gettext_lazy("Applicant"),
    "system": gettext_lazy("System"),
    "client": gettext_lazy("Calling system"),
    "shell": gettext_lazy("Command line"),
}

MOVEMENTS: Labels = {
    "1": gettext_lazy("open mouth"),
    "2": gettext_lazy("blink"),
    "3": gettext_lazy("nod"),
    "4": gettext_lazy("shake head"),
}

FRAME_SOURCES: Labels = {
    "vendor": gettext_lazy("chosen by the vendor"),
    "video": gettext_lazy("cut from the video by us"),
}

FRAME_LOST = gettext_lazy("the vendor's frame was lost with the worker that received it")
# What was wrong with the vendor's best frame, or why there is none at all. A note that is not listed is the code of a
# picture that does not decode.
FRAME_NOTES: Labels = {
    "": "",
    "not_a_string": gettext_lazy("the vendor sent something else in place of its frame"),
    "not_base64": gettext_lazy("the vendor's frame could not be read"),
    "not_jpeg": gettext_lazy("the vendor's frame is no JPEG"),
    "too_large": gettext_lazy("the vendor's frame is too large"),
    "not_kept": FRAME_LOST,
    "not kept": FRAME_LOST,  # as version 0.1.0 wrote it
    "not_looked_at": gettext_lazy("the vendor's frame could not be looked at just then"),
    "not_looked_for": gettext_lazy("none was looked for"),
    "none_stored": gettext_lazy("none could be cut from the recording or stored"),
    "not_trusted": gettext_lazy("the vendor's frame may show somebody else"),
}
FRAME_DOES_NOT_DECODE = gettext_lazy("the vendor's frame is not a picture that can be opened")

# Names of hashes on the case page.
PHOTO_UPLOADED = gettext_lazy("ID photo as uploaded")
PHOTO_PREPARED = gettext_lazy("ID photo as normalised")
RECORDED = gettext_lazy("Recording as uploaded")
PREPARED = gettext_lazy("Recording as normalised")
FRAME = gettext_lazy("Best frame")
SENT = gettext_lazy("Request as sent")


def label(table: Labels, code: str) -> str:
    found = table.get(code)
    return str(found) if found is not None else code.replace("_", " ").replace(".", ": ")


def frame_note(note: str) -> str:
    """Why the vendor's best frame is not shown, or why there is none at all; "" if nothing was wrong."""
    return str(FRAME_NOTES.get(note, FRAME_DOES_NOT_DECODE))


def verdict(review: Review) -> str:
    """The verdict of a review with its stage."""
    name = review.get_verdict_display()
    if review.stage == Stage.PROPOSAL:
        return _("Proposed: %(verdict)s") % {"verdict": name}
    if review.stage == Stage.SECOND:
        return _("Second person: %(verdict)s") % {"verdict": name}
    if review.stage == Stage.BLIND:
        return _("Blind: %(verdict)s") % {"verdict": name}
    return _("Confirmed: %(verdict)s") % {"verdict": name} if review.confirms_id else name


def movements(actions: str) -> str:
    """The challenge in words: "4,2" is shake head, then blink."""
    if not actions:
        return _("hold still")
    return _(", then ").join(label(MOVEMENTS, action) for action in actions.split(","))


def prompt(signal: Mapping[str, Any]) -> str:
    """One prompt of the capture page: the movement, and the second at which it was shown."""
    return _("%(action)s at %(seconds)s s") % {
        "action": str(signal.get("action", "")).replace("_", " "),
        "seconds": f"{float(signal.get('at', 0)) / 1000:.1f}",
    }


def actor(kind: str, actor_id: str) -> str:
    """The user name of a member of staff; for other actors, the label of their kind."""
    return label(ACTORS, kind) if kind in ACTORS else actor_id


def flatten(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nested facts as (readable name, value), in their own order; without the hashes that a page has no use for."""
    pairs: list[tuple[str, str]] = []
    for name, value in facts.items():
        if name == "commits":
            continue
        if isinstance(value, Mapping):
            pairs += [(f"{_spaced(name)}: {inner}", text) for inner, text in flatten(value)]
        elif value not in (None, "", []):
            pairs.append((_spaced(name), _plain(value)))
    return pairs


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)

"""What stands in the dossier of a case, as the template takes it: in words, in order, and without a word of markup."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.brands import organisation
from verification.exports.contents import Contents
from verification.exports.dossier import blocks, capture, decision, terms, trail
from verification.exports.dossier.blocks import Block, Cell
from verification.exports.dossier.pictures import Picture, judged_attempt
from verification.models import Checkpoint, Verification

_WITHHELD = gettext_lazy("not included in this copy")


def of(
    case: Verification,
    contents: Contents,
    shown: Mapping[str, Picture],
    checkpoint: Checkpoint,
    *,
    signer: str,
) -> dict[str, Any]:
    """The data of the template. `shown` are the pictures, none if the reader may not see them; `signer` is the name
    under which the file will be signed, or ""."""
    attempt, notes = judged_attempt(case), contents.notes
    events = trail.events_of(case, checkpoint)
    return {
        "title": _("Dossier of the identity verification %(case)s") % {"case": case.public_id},
        "heading": _("Dossier of an identity verification"),
        "organisation": organisation.of(case).name,
        "case": case.public_id,
        "page": _("{number} of {count}"),
        "as_of": _("As of checkpoint %(size)s, signed %(at)s")
        % {"size": f"{checkpoint.size:,}", "at": blocks.moment(checkpoint.signed_at)},
        "outcome": decision.outcome(case, events),
        "sections": [
            section
            for section in (
                _case(case, names=contents.names),
                trail.erased(case),
                decision.basis(case, attempt),
                _pictures(case, shown),
                decision.verdicts(case, notes=notes),
                decision.document(case, notes=notes),
                decision.flags(case),
                capture.attempts(case),
                capture.calls(case),
                capture.reruns(case, notes=notes),
                terms.consent(case),
                terms.policy(case),
                trail.timeline(events),
                trail.looks(events),
                capture.hashes(case),
                trail.checkpoint(checkpoint),
                trail.checking(signer),
            )
            if section is not None
        ],
    }


def _case(case: Verification, *, names: bool) -> Block:
    applicant = case.applicant
    rows = [
        (_("Case"), blocks.mono(case.public_id)),
        (_("Reference"), applicant.reference),
        (_("Name"), applicant.name if names else str(_WITHHELD)),
        (_("E-mail"), _email(applicant.email) if names else str(_WITHHELD)),
        (_("Asked for by"), case.client.name if case.client else _("staff")),
        (_("Asked for at"), blocks.moment(case.created_at)),
        (_("Liveness"), case.get_mode_display()),
        (
            _("Attempts used"),
            _("%(used)s of %(most)s") % {"used": case.attempts_used, "most": case.policy.max_attempts},
        ),
    ]
    return blocks.section(_("The case"), blocks.pairs(rows))


def _email(address: str) -> Cell:
    return blocks.mono(address) if address else ""


def _pictures(case: Verification, shown: Mapping[str, Picture]) -> Block | None:
    title = _("Photo and recording")
    if not shown:
        if not case.documents.exists():
            return None
        words = _(
            "The pictures are not included in this copy. Their hashes stand under “Evidence by its hashes”."
        )
        return blocks.section(title, blocks.text(words))
    if not any(picture.jpeg for picture in shown.values()):
        return blocks.section(title, blocks.pairs((each.caption, each.why) for each in shown.values()))
    large = [_item(name, picture) for name, picture in shown.items() if picture.sha256]
    frames = [_item(name, picture) for name, picture in shown.items() if not picture.sha256]
    words = _(
        "These are smaller copies for paper. The frames are cut from the recording as it was sent to the vendor, at "
        "the moments at which the page says that it asked for a movement."
    )
    return blocks.section(
        title, blocks.pictures(large), blocks.pictures(frames), blocks.text(words, quiet=True)
    )


def _item(name: str, picture: Picture) -> Block:
    return {
        "name": name if picture.jpeg else "",
        "caption": picture.caption,
        "hash": picture.sha256,
        "why": picture.why,
    }

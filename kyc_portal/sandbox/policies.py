"""Policies of the demo that ask for a document check, put into force by its two senior reviewers.

Each of them tells applicants everything by e-mail, which the demo writes into files.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from verification.actions import policy
from verification.models import Policy, StaffUser
from verification.states import DocumentCheckFor

SHARE = Decimal(25)
_WHY = {
    DocumentCheckFor.ALWAYS: "To show cases whose document a person checks.",
    DocumentCheckFor.SHARE: "To show a case of a share.",
    DocumentCheckFor.NEVER: "As at first: a clear pass ends by itself.",
}


def put_into_force(documents: DocumentCheckFor, *, now: datetime) -> None:
    """A version with this term, unless the one in force has it. A draft that somebody has begun is left alone."""
    if Policy.current().document_check == documents or policy.current_draft() is not None:
        return
    one, other = (StaffUser.objects.get(username=name) for name in ("senior", "senior2"))
    draft = policy.draft(by=one, now=now)
    share = SHARE if documents == DocumentCheckFor.SHARE else Decimal(0)
    told = {name: True for name in policy.TERMS if name.startswith("tell_")}
    own = {"document_check": documents, "document_share": share, **told}
    terms: dict[str, Any] = policy.terms_of(draft) | own
    policy.change(draft, terms=terms, reason=_WHY[documents], seen=policy.fingerprint(draft), by=one, now=now)
    draft.refresh_from_db()
    policy.activate(draft, seen=policy.fingerprint(draft), by=other, now=now)

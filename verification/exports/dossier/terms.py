"""What the person agreed to, in the words that they read, and the policy that the case was judged under."""

from typing import Any, Final

from django.utils.translation import gettext as _

from verification.exports.dossier import blocks
from verification.exports.dossier.blocks import Block
from verification.models import Consent, ConsentText, Policy, Verification
from verification.states import DocumentKind, DocumentQuestion

MAX_CONSENTS: Final = 3
# Terms of a policy that say how a case is judged; the others are about messages and about who wrote it.
_TERMS: Final = (
    *("approve_at", "liveness_mode", "action_count", "max_attempts", "qa_share"),
    *("second_for_override", "second_for_flags", "second_below", "second_share", "second_for_declines"),
    *("document_check", "document_share", "document_kinds", "document_checklist", "shared_evidence"),
    *("link_days", "review_hours", "retention_days"),
)
_LISTS: Final[dict[str, Any]] = {"document_kinds": DocumentKind, "document_checklist": DocumentQuestion}


def consent(case: Verification) -> Block | None:
    given = list(case.consents.order_by("-at")[:MAX_CONSENTS])
    if not given:
        return None
    texts = ConsentText.objects.in_bulk({row.text_sha256 for row in given}, field_name="sha256")
    parts = [part for row in given for part in _consent(row, texts.get(row.text_sha256))]
    return blocks.section(_("Consent"), *parts, blocks.left_out(case.consents.count() - len(given)))


def _consent(row: Consent, kept: ConsentText | None) -> list[Block]:
    rows = [
        (_("Answer"), _("given") if row.given else _("refused")),
        (_("At"), blocks.moment(row.at)),
        (
            _("Text"),
            _("version %(version)s, language %(language)s")
            % {"version": row.text_version, "language": row.locale},
        ),
        (_("SHA-256 of the text"), blocks.mono(row.text_sha256)),
    ]
    words = kept.text if kept else _("The portal did not keep this text: it is older than that.")
    return [blocks.pairs(rows), blocks.quote(words)]


def policy(case: Verification) -> Block:
    terms = case.policy
    by = terms.activated_by.get_username() if terms.activated_by else ""
    activated = _("by %(who)s, at %(at)s") % {"who": by, "at": blocks.time(terms.activated_at)} if by else ""
    rows = [(_("Put into force"), activated), *((_name(name), _value(terms, name)) for name in _TERMS)]
    title = _("Policy version %(version)s") % {"version": terms.version}
    return blocks.section(title, blocks.pairs(rows))


def _name(name: str) -> str:
    words = str(Policy._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return words[:1].upper() + words[1:]


def _value(terms: Policy, name: str) -> str:
    value = getattr(terms, name)
    if name in _LISTS:
        return ", ".join(str(_LISTS[name](code).label) for code in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    shown = getattr(terms, f"get_{name}_display", None)
    return str(shown() if shown else "" if value is None else value)

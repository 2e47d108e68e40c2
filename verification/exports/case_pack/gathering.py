"""Reading a case for its pack, all at one moment, so that its parts agree with each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from django.db.models import Model

from verification import explain
from verification.audit import facts, log
from verification.explain.steps import Rule
from verification.exports.case_pack import events, media
from verification.exports.case_pack.events import Events
from verification.exports.case_pack.records import Rows
from verification.exports.contents import Contents
from verification.exports.snapshot import snapshot
from verification.models import (
    CaseNote,
    Checkpoint,
    Consent,
    ConsentText,
    Document,
    DocumentCheck,
    Message,
    ProviderCall,
    Rerun,
    Review,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.rules import reasons
from verification.transparency.canonical import canonical

SCHEMA: Final = "kyc-portal/case/v1"
# Records of a case, by the file in which they stand.
_OF_CASE: Final[dict[str, type[Model]]] = {
    "consents": Consent,
    "documents": Document,
    "attempts": VerificationAttempt,
    "document_checks": DocumentCheck,
    "reviews": Review,
    "flags": RiskFlag,
    "notes": CaseNote,
    "reruns": Rerun,
}


@dataclass(frozen=True)
class Gathered:
    """What the pack will hold besides the media: files by name, the events, and where the media are."""

    case: Verification
    contents: Contents
    checkpoint: Checkpoint
    files: dict[str, bytes]
    events: Events
    pieces: tuple[media.Piece, ...]
    erased: dict[str, Any] | None


def gather(case_id: int, contents: Contents, checkpoint: Checkpoint | None = None) -> Gathered:
    """As of this checkpoint, or of the newest one. Raises log.NotSealed if the log lacks an act on the case."""
    with snapshot():
        as_of = checkpoint or log.newest()
        if as_of is None:
            raise log.NotSealed("Nothing was sealed yet.")
        return _gather(_case(case_id), contents, as_of)


def _case(case_id: int) -> Verification:
    return Verification.objects.select_related("applicant", "policy", "passing_call", "final_review").get(
        pk=case_id
    )


def _gather(case: Verification, contents: Contents, checkpoint: Checkpoint) -> Gathered:
    of_case = _records(case)
    found = events.of(list(chain.from_iterable(of_case.values())), checkpoint)
    rows = Rows(found, contents)
    files = {f"{name}.json": _json(rows.of(records)) for name, records in of_case.items()}
    files["case.json"] = canonical(_head(case, found) | {"records": rows.of([case, case.applicant])}) + b"\n"
    consents: Sequence[Any] = of_case["consents"]
    files |= {f"consent/{text.sha256}.txt": text.text.encode() for text in _texts(consents)}
    files["decision.json"] = canonical(_decision(case)) + b"\n"
    files["timeline.jsonl"], files["access.jsonl"] = events.lines(found.deeds), events.lines(found.looks)
    pieces = tuple(media.pieces(of_case["documents"], of_case["attempts"]))
    return Gathered(case, contents, checkpoint, files, found, pieces, _erased(found))


def _records(case: Verification) -> dict[str, Sequence[Any]]:
    """All records of the case, by the file in which they stand, in the order in which they were made."""
    calls = facts.rows(ProviderCall).filter(attempt__verification=case).select_related("account")
    return {
        "case": [case, case.applicant],
        "policy": [case.policy],
        **{
            name: list(facts.rows(model).filter(verification=case).order_by("pk"))
            for name, model in _OF_CASE.items()
        },
        "calls": list(calls.order_by("attempt__number", "number")),
        "messages": list(Message.objects.filter(verification=case).order_by("pk")),
    }


def _json(rows: Iterable[dict[str, Any]]) -> bytes:
    return canonical({"records": list(rows)}) + b"\n"


def _head(case: Verification, found: Events) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "case": case.public_id,
        "status": case.status,
        "time_zone": "UTC",
        "reasons_in_words": {code: str(reasons.label(code)) for code in _codes(case)},
        "erased": _erased(found),
        **events.counts(found),
    }


def _codes(case: Verification) -> list[str]:
    return sorted(set(case.reviews.values_list("reason_code", flat=True)))


def _texts(consents: Iterable[Consent]) -> Iterable[ConsentText]:
    return ConsentText.objects.filter(sha256__in={consent.text_sha256 for consent in consents}).order_by(
        "sha256"
    )


def _decision(case: Verification) -> dict[str, Any]:
    """Each rule that was applied, with what it got and gave. How the events are sealed, the pack itself proves."""
    told = explain.explain(case).as_json()
    told["steps"] = [step for step in told["steps"] if step["rule"] != Rule.SEALED]
    return told


def _erased(found: Events) -> dict[str, Any] | None:
    """When, by whom and why the person's pictures were erased; None if they were not."""
    event = next((event for event in found.deeds if event.kind == "applicant.erased"), None)
    if event is None:
        return None
    by = {"kind": event.actor_kind, "id": event.actor_id}
    return {
        "event": event.pk,
        "at": facts.plain(event, "at"),
        "by": by,
        "basis": event.data.get("reason", ""),
    }

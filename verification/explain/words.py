"""An explanation in words, for the page of it and for the command."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification.explain.steps import Difference, Rule, Step

_TITLES: dict[Rule, Any] = {
    Rule.SEALED: gettext_lazy("The events of the case, held against the sealed trail"),
    Rule.POLICY: gettext_lazy("The policy of the case: version %(name)s"),
    Rule.FLAGS: gettext_lazy("What was noticed about the case"),
    Rule.ANSWER: gettext_lazy("Attempt %(name)s: what the vendor's answer means"),
    Rule.DECISION: gettext_lazy("Attempt %(name)s: what follows from it"),
    Rule.DOCUMENT: gettext_lazy("The document, checked by %(name)s"),
    Rule.VERDICT: gettext_lazy("The verdict of %(name)s"),
    Rule.ROAD: gettext_lazy("The road of the case, from status to status"),
    Rule.END: gettext_lazy("How it ended"),
    Rule.UNREADABLE: gettext_lazy("Events or records that can't be read as what they are"),
}
# By what each step is made again: the code that decides, as developers name it.
BY: dict[Rule, str] = {
    Rule.SEALED: "audit.log",
    Rule.POLICY: "models.Policy",
    Rule.FLAGS: "models.RiskFlag",
    Rule.ANSWER: "liveness.codes",
    Rule.DECISION: "rules.decision",
    Rule.DOCUMENT: "rules.document_check",
    Rule.VERDICT: "rules.four_eyes",
    Rule.ROAD: "states.MOVES",
    Rule.END: "models.Verification",
    Rule.UNREADABLE: "explain",
}
_UNKNOWN: dict[str, Any] = {
    "raw_answer": gettext_lazy(
        "The vendor's answer as it came is not kept, because it holds a picture of the face. What was read from it is "
        "kept, and is read here again."
    ),
    "evidence_erased": gettext_lazy(
        "Photo and recordings were erased. What was decided from them is stored and made again here; whether the "
        "pictures lead to the same answers can't be asked any more."
    ),
    "not_sealed_yet": gettext_lazy("Some events are too new to be sealed. Look again in a minute."),
    "number_not_kept": gettext_lazy(
        "The answer contradicted itself by a number that is not kept. That it did is taken from the record."
    ),
    "case_had_ended": gettext_lazy("The case had ended before the attempt did, so nothing followed from it."),
    "inputs_not_recorded": gettext_lazy(
        "It was recorded by an earlier version of the software, which did not note what the rule got. The rule was "
        "applied to the records as they are."
    ),
    "policy_without_event": gettext_lazy(
        "No event tells what this version said when it came into force: it came with the software. Each decision notes "
        "the terms that it went by."
    ),
    "name_changed": gettext_lazy(
        "The name that was compared with the document is not the name that is stored now."
    ),
    "name_not_kept": gettext_lazy(
        "The name changed more than once after the document was checked, and is not kept as it was at this moment. "
        "Whether the check still held is taken from the record."
    ),
    "fingerprints_erased": gettext_lazy(
        "The fingerprints of the pictures were erased with them, so what was noticed can't be found anew."
    ),
}
_NAMES: dict[str, Any] = {
    "at": gettext_lazy("time"),
    "by": gettext_lazy("who"),
    "billed": gettext_lazy("billed, by the table of codes"),
    "category": gettext_lazy("meaning of the code"),
    "call": gettext_lazy("call that was answered"),
    "call_code": gettext_lazy("code of the call"),
    "call_similarity": gettext_lazy("similarity of the call"),
    "call_state": gettext_lazy("state of the call"),
    "call_answer": gettext_lazy("worth of the call's answer"),
    "confirms": gettext_lazy("verdict that it confirms"),
    "counted": gettext_lazy("attempts that counted before"),
    "counts": gettext_lazy("counts as an attempt"),
    "decided_counted": gettext_lazy("whether the attempt counts"),
    "decided_next": gettext_lazy("what follows"),
    "decided_outcome": gettext_lazy("outcome, by the rules"),
    "decided_reasons": gettext_lazy("reasons, by the rules"),
    "differs_from": gettext_lazy("verdict that it differs from"),
    "document_allows": gettext_lazy("document allows the approval"),
    "drawn": gettext_lazy("drawn for a second person"),
    "event": gettext_lazy("event in the trail"),
    "evidence_sha256": gettext_lazy("SHA-256 of the evidence"),
    "finished": gettext_lazy("attempts finished before"),
    "record": gettext_lazy("record that the trail tells of"),
    "request_id_repeated": gettext_lazy("RequestId came twice"),
    "same_verdict": gettext_lazy("verdict that was confirmed"),
    "second_because": gettext_lazy("rules that ask for a second person"),
    "second_person": gettext_lazy("takes a second person"),
    "spot_check": gettext_lazy("drawn for a spot check"),
    "suspicion": gettext_lazy("code means a suspicion"),
    "two_people": gettext_lazy("two different people"),
    "vendor_pass": gettext_lazy("vendor's own limit of a pass"),
}


# How the trail writes a term that is no number.
_TERMS = {"True": gettext_lazy("yes"), "False": gettext_lazy("no"), "None": "–", "": "–"}


def title(step: Step) -> str:
    return str(_TITLES[step.rule]) % {"name": step.name}


def unknown(code: str) -> str:
    return str(_UNKNOWN[code])


def name(what: str) -> str:
    return str(_NAMES[what]) if what in _NAMES else what.replace("_", " ")


def value(found: Any) -> str:
    """A plain value as people read it."""
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    if isinstance(found, list | tuple):
        return ", ".join(value(inner) for inner in found) or _("none")
    if isinstance(found, dict):
        return ", ".join(f"{name(str(inner))} {value(its)}" for inner, its in found.items()) or _("none")
    if str(found) in _TERMS:
        return str(_TERMS[str(found)])
    return str(found).strip("[]").replace("'", "") or _("none")


def difference(found: Difference) -> str:
    words = {"what": name(found.what), "then": value(found.then), "now": value(found.now)}
    return _("%(what)s: it was %(then)s, and is %(now)s now") % words


def pairs(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name(what), value(found)) for what, found in facts.items()]


def result(differences: int) -> str:
    if differences == 0:
        return _("Nothing differs: the same rules come to the same results.")
    sentence = ngettext(
        "One thing differs from what the trail holds.",
        "%(number)d things differ from what the trail holds.",
        differences,
    )
    return sentence % {"number": differences}

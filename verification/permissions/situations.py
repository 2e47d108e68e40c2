"""The result of each act on one case, by the situation of the case and by the group of the user.

docs/permissions.md is generated from this table and the tests compare it with the site; the rules themselves are in
`permissions` and the actions.
"""

from dataclasses import dataclass, field

from verification.permissions import Group

# The results. Any other value is the HTTP status of a refusal, which leaves the case unchanged.
DONE = "done"
PROPOSED = "proposed"  # waits for a second person
DIFFERS = "differs"  # goes to a senior with both verdicts
NOTHING = "nothing"  # answered with a message; the case is unchanged
VOID = "void"  # 409, and the proposal is dropped

LOOKS = ("open", "evidence", "reveal", "pack")
HOLDING = ("claim", "renew", "release")
VERDICTS = ("approve", "decline", "ask_again", "hand_back", "escalate", "snooze", "step_aside")
TOGETHER = ("assign", "take_back", "note", "cancel", "rerun")
ACTS = (*LOOKS, *HOLDING, *VERDICTS, "check_document", "judge_blind", "reopen", *TOGETHER)
_WORK = ("claim", *VERDICTS, "check_document", "judge_blind")


@dataclass(frozen=True)
class Situation:
    """`reviewer` has the results that differ from those of a free case; `senior` those that differ from these."""

    name: str
    says: str
    reviewer: dict[str, str] = field(default_factory=dict)
    senior: dict[str, str] = field(default_factory=dict)

    def answer(self, group: Group | None, act: str) -> str:
        """The result of `act` for a member of `group`, or of no group."""
        looks = act in LOOKS
        if group == Group.AUDITOR:
            return self.reviewer.get(act, DONE) if looks else "403"
        if group not in {Group.REVIEWER, Group.SENIOR}:
            return "403"
        answers = {**FREE, **self.reviewer}
        if group == Group.SENIOR:
            answers |= {"reopen": "409", **_OF_SENIORS, **self.senior}
        return answers[act]


def _all(acts: tuple[str, ...], answer: str) -> dict[str, str]:
    return dict.fromkeys(acts, answer)


FREE = {
    **_all(ACTS, DONE),
    "pack": "403",
    "renew": "409",
    "release": NOTHING,
    "approve": PROPOSED,
    "hand_back": "409",
    "judge_blind": "409",
    "reopen": "403",
    "assign": "403",
    "take_back": NOTHING,
    "cancel": "403",
    "rerun": "403",
}
# Of a case that is free; `assign` is to a colleague.
_OF_SENIORS = {"assign": DONE, "cancel": DONE, "rerun": DONE}
_CLOSED = {**_all(_WORK, "409"), "claim": NOTHING}
_ENDED = {"assign": NOTHING, "cancel": "409"}
_PACK = {"pack": DONE}
_CONFLICT = _all(_WORK, "403")
_STRANGER = {**_CONFLICT, "note": "403"}
_NO_SENIOR = _all(("assign", "cancel", "rerun"), "403")
_LIKE_FREE = {act: FREE[act] for act in _WORK}
_NO_REOPENING = {"reopen": "403"}

SITUATIONS = (
    Situation("free", "In review, nobody holds it; the vendor did not pass it, so approving takes two."),
    Situation("held by me", "Within the 15 minutes of the lease.", {"renew": DONE, "release": DONE}),
    Situation("held by another", "Within the 15 minutes of the lease.", _CLOSED, _ENDED),
    Situation("kept for me", "A senior or I put it aside for me.", {"take_back": DONE}),
    Situation(
        "kept for another",
        "Take next gives it to nobody else. A senior takes it back first.",
        {**_CLOSED, "take_back": "403"},
        {"take_back": DONE, "cancel": "409"},
    ),
    Situation("escalated", "For senior reviewers.", _CONFLICT, _LIKE_FREE),
    Situation(
        "back from the applicant",
        "Escalated, sent back, recorded again: still for senior reviewers.",
        _CONFLICT,
        _LIKE_FREE,
    ),
    Situation("snoozed", "Take next leaves it out until its time; opened by hand it is as if free."),
    Situation(
        "proposed by me",
        "I withdraw it, end it by asking again or by stepping aside, or leave it to a colleague. "
        "I never confirm it.",
        {"approve": "403", "decline": "403", "hand_back": DONE},
    ),
    Situation(
        "proposed by another",
        "I judge without seeing what was proposed: the same verdict takes effect, another goes to a senior. I hand "
        "back only what I have judged.",
        {"approve": DONE, "decline": DIFFERS},
    ),
    Situation(
        "judged differently by me",
        "A colleague proposed, I came to another verdict: neither of us decides it, nor works on it any more.",
        _CONFLICT,
        _NO_SENIOR,
    ),
    Situation(
        "judged differently by two others",
        "A senior reads both, and decides by sharing one, or hands both back.",
        _CONFLICT,
        {
            **_all(("claim", "check_document", *VERDICTS), DONE),
            "judge_blind": "409",
            "assign": NOTHING,
        },
    ),
    Situation(
        "proposal void",
        "The evidence changed since it was proposed: nobody confirms it any more.",
        {"approve": VOID, "decline": VOID, "ask_again": VOID, "hand_back": DONE},
    ),
    Situation(
        "stepped aside",
        "I said that I know the person or have an interest.",
        _STRANGER,
        {**_NO_REOPENING, **_NO_SENIOR},
    ),
    Situation("about me", "The applicant has my e-mail address.", _STRANGER, {**_NO_REOPENING, **_NO_SENIOR}),
    Situation(
        "spot check",
        "A pass that was drawn, not judged blind yet.",
        {**_all(("approve", "decline", "ask_again"), "409"), "check_document": "422", "judge_blind": DONE},
        {"rerun": "409"},
    ),
    Situation(
        "judged blind",
        "A spot check with my blind verdict; I hold it.",
        {"renew": DONE, "release": DONE, "approve": DONE},
    ),
    Situation(
        "doubted blind",
        "The same after a blind no: to approve it then takes two.",
        {"renew": DONE, "release": DONE},
    ),
    Situation(
        "document to check",
        "A pass whose policy asks for a document check, which nobody has made.",
        {"approve": "422"},
    ),
    Situation(
        "page out of date",
        "What is sent comes from a page before a change, or of another case.",
        _all((*VERDICTS, "check_document", "judge_blind"), "409"),
        {"cancel": "409"},
    ),
    Situation("with the applicant", "Asked again.", _CLOSED, {"assign": NOTHING, "rerun": "409"}),
    Situation("approved", "By a colleague.", _CLOSED, {**_ENDED, **_PACK, "reopen": DONE}),
    Situation("declined", "By a colleague.", _CLOSED, {**_ENDED, **_PACK, "reopen": DONE}),
    Situation(
        "declined, page out of date", "Changed since the page was opened.", _CLOSED, {**_ENDED, **_PACK}
    ),
    Situation(
        "declined about me",
        "The applicant has my e-mail address.",
        {**_CLOSED, **_all(("approve", "decline", "ask_again", "note"), "403")},
        {**_NO_REOPENING, "assign": NOTHING, "cancel": "403", "rerun": "403"},
    ),
    Situation("reopened", "In review again, as if free."),
    Situation(
        "erased",
        "Declined, and the evidence was erased.",
        {**_CLOSED, "evidence": "410", "note": NOTHING},
        {**_ENDED, **_PACK, "rerun": "409"},
    ),
)

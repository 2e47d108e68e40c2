"""The consequence of each code, and of each outcome without a code. Only `consequence_of` holds the rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from django.utils.translation import gettext_lazy as _

from verification.hints import HINTS
from verification.liveness import PROXY, RULES, Billed, Category, CodeRule, Hint, lookup
from verification.vendor_accounts.code_guide import texts
from verification.vendor_accounts.code_guide.texts import Consequence, Text

Field = Literal["Result", "Error"]

_USUAL = {
    Category.PASSED: Consequence.APPROVE,
    Category.LOW_SIMILARITY: Consequence.REVIEW,
    Category.LIVENESS_FAILED: Consequence.NEW_RECORDING,
    Category.CAPTURE_QUALITY: Consequence.NEW_RECORDING,
    Category.REFERENCE_PHOTO: Consequence.NEW_PHOTO,
    Category.VIDEO_REFUSED: Consequence.SMALLER,
    Category.TRANSIENT: Consequence.REPEAT,
    Category.THROTTLED: Consequence.SLOW_DOWN,
    Category.CONFIGURATION: Consequence.PAUSE,
    Category.BAD_REQUEST: Consequence.REFUSED,
}
_REPEATED = {
    Consequence.SMALLER,
    Consequence.REPEAT,
    Consequence.SLOW_DOWN,
    Consequence.PAUSE,
    Consequence.SEND_AGAIN,
    Consequence.ONCE_MORE,
}


@dataclass(frozen=True)
class Handling:
    """How a code, or an outcome without one, is handled. `cause` says what is wrong with an account."""

    name: Text
    consequence: Consequence
    applicant_text: Text
    billed: Billed
    cause: Text = ""

    @property
    def does(self) -> Text:
        return texts.DOES[self.consequence]

    @property
    def charged(self) -> Text:
        return texts.CHARGED[self.billed]

    @property
    def repeated(self) -> bool:
        """Does the system make the call again by itself?"""
        return self.consequence in _REPEATED


def consequence_of(rule: CodeRule) -> Consequence:
    usual = _USUAL[rule.category]
    asks_again = usual in {Consequence.NEW_RECORDING, Consequence.NEW_PHOTO}
    if asks_again and not rule.known:
        return Consequence.NOT_TRUSTED
    return Consequence.REVIEW if asks_again and rule.suspicion else usual


def handling_of(rule: CodeRule) -> Handling:
    consequence = consequence_of(rule)
    # A code's hint asks for another try; an applicant who waits for a reviewer reads that instead.
    with_a_person = consequence in {Consequence.REVIEW, Consequence.NOT_TRUSTED}
    hint = Hint.BEING_CHECKED if with_a_person else rule.hint
    return Handling(rule.code, consequence, HINTS[hint], rule.billed, texts.CAUSES.get(rule.code, ""))


@dataclass(frozen=True)
class Section:
    """Codes of one category with one consequence. `applicant_text` is empty unless all codes share it."""

    anchor: str
    title: Text
    meaning: Text
    rows: tuple[Handling, ...]

    @property
    def does(self) -> Text:
        return self.rows[0].does

    @property
    def repeated(self) -> bool:
        return self.rows[0].repeated

    @property
    def applicant_text(self) -> Text:
        return self.rows[0].applicant_text if len({row.applicant_text for row in self.rows}) == 1 else ""

    @property
    def has_causes(self) -> bool:
        return any(row.cause for row in self.rows)


def sections(wanted: str = "") -> list[Section]:
    """Every listed code whose name holds `wanted`, whatever its case."""
    found = [rule for rule in RULES.values() if wanted.casefold() in rule.code.casefold()]
    found.sort(key=_place)
    return [_section(rules) for rules in _runs(found)]


def _place(rule: CodeRule) -> tuple[int, bool]:
    return list(Category).index(rule.category), rule.suspicion


def _runs(rules: list[CodeRule]) -> Iterator[list[CodeRule]]:
    return (list(run) for _place_of_run, run in groupby(rules, _place))


def _section(rules: list[CodeRule]) -> Section:
    first, rows = rules[0], tuple(handling_of(rule) for rule in rules)
    if first.suspicion:
        return Section("replay_suspected", texts.REPLAY, texts.SUSPICION, rows)
    return Section(first.category, texts.TITLES[first.category], texts.MEANINGS[first.category], rows)


# How unlisted codes begin, with an example of each.
_FAMILIES: tuple[tuple[Text, str, Field], ...] = (
    (_("AuthFailure.… or UnauthorizedOperation…"), "AuthFailure.New", "Error"),
    (_("InvalidParameter…, Unsupported… or Missing…"), "InvalidParameter.New", "Error"),
    (_("RequestLimitExceeded…"), "RequestLimitExceeded.New", "Error"),
    (_("InternalError…"), "InternalError.New", "Error"),
    (_("any other, as the Result of a check"), "FailedOperation.New", "Result"),
    (_("any other, as an Error"), "FailedOperation.New", "Error"),
)


def fallbacks() -> list[Handling]:
    """How unlisted codes are handled, by how they begin."""
    return [replace(handling_of(lookup(code, field=field)), name=name) for name, code, field in _FAMILIES]


def unlisted(code: str) -> list[tuple[Field, Handling]]:
    """How this code would be handled in each field of an answer; empty if it is listed."""
    fields: tuple[Field, ...] = ("Result", "Error")
    return [] if code in RULES else [(field, handling_of(lookup(code, field=field))) for field in fields]


def why_paused(code: str) -> Text:
    """What a pause's code means. A failed probe leaves codes of its own, such as http_503 or proxy_refused.403."""
    if code in texts.CAUSES:
        return texts.CAUSES[code]
    if code.startswith(PROXY):
        return texts.CAUSES.get(code.partition(".")[0], texts.STILL_FAILING)
    category = lookup(code, field="Error").category
    if category == Category.THROTTLED or code == "http_429":
        return texts.TOO_MANY_CALLS
    return texts.REFUSES if category == Category.CONFIGURATION else texts.STILL_FAILING


_WAITING, _CHECKED = HINTS[Hint.SHORT_DELAY], HINTS[Hint.BEING_CHECKED]
_PAUSED, _OURS = HINTS[Hint.PAUSED], HINTS[Hint.OUR_FAULT]

NO_CODE: dict[str, Handling] = {
    "no_connection": Handling(
        _("No connection, or a refusal by the outbound proxy, so nothing was sent"),
        Consequence.SEND_AGAIN,
        _WAITING,
        Billed.NO,
    ),
    "no_answer": Handling(
        _("Sent, and no whole answer: silence, a broken connection, 40 seconds gone, a worker that died"),
        Consequence.ONCE_MORE,
        _WAITING,
        Billed.UNKNOWN,
    ),
    "gateway": Handling(
        _(
            "HTTP status 408, 499, 502, 504, 520, 522, 524, 598 or 599: a gateway got no answer from the vendor"
        ),
        Consequence.ONCE_MORE,
        _WAITING,
        Billed.UNKNOWN,
    ),
    "http_5xx": Handling(
        _("Any other HTTP status from 500 to 599"), Consequence.REPEAT, _WAITING, Billed.UNKNOWN
    ),
    "http_413": Handling(
        _("HTTP status 413: the request is too large"), Consequence.SMALLER, _WAITING, Billed.UNKNOWN
    ),
    "http_429": Handling(_("HTTP status 429"), Consequence.SLOW_DOWN, _WAITING, Billed.UNKNOWN),
    "bad_answer": Handling(
        _("A whole answer that breaks the vendor's own contract, or any other HTTP status"),
        Consequence.UNREADABLE,
        _OURS,
        Billed.UNKNOWN,
    ),
    "contradiction": Handling(
        _("Success below 70, low similarity from 70 on, or a similarity where no faces were compared"),
        Consequence.NOT_TRUSTED,
        _CHECKED,
        Billed.UNKNOWN,
    ),
    "repeated_request_id": Handling(
        _("An answer whose RequestId another call had: it may be about somebody else, and is an alarm"),
        Consequence.NOT_TRUSTED,
        _CHECKED,
        Billed.UNKNOWN,
    ),
    "settings": Handling(
        _("Settings of ours that can't work: address, region, credentials"),
        Consequence.PAUSE,
        _PAUSED,
        Billed.NO,
    ),
    "limits": Handling(
        _(
            "A photo that is empty or too large for the vendor, a recording that is, also as a smaller copy, or "
            "movements that it does not offer"
        ),
        Consequence.WITHHELD,
        _OURS,
        Billed.NO,
    ),
    "damaged": Handling(
        _("A stored file that is missing, or is not what was stored"), Consequence.WITHHELD, _OURS, Billed.NO
    ),
}

"""Values in words: what a score means as an error rate, what a code means, how late a case is.

Pure functions. The vendor documents the error rate at two scores only (70 and 80), so no sentence claims more.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.counts.vendor import SUCCESS
from verification.hints import HINTS
from verification.liveness import VENDOR_PASS, Category, lookup
from verification.rules import review_bands
from verification.states import Band, Outcome
from verification.times import moment as moment
from verification.times import span as span
from verification.vendor_accounts.code_guide import MEANINGS, SUSPICION

TEN_TIMES_STRICTER_AT = Decimal(80)
# Points below the vendor's threshold: up to the first a score is just below it, beyond the second far below it.
JUST_BELOW, FAR_BELOW = Decimal(5), Decimal(20)


@dataclass(frozen=True)
class Meaning:
    """A score in words. `tone` (good, warn, bad, quiet) selects the colour only; `rates` is what is documented."""

    band: Band
    tone: str
    headline: str
    sentence: str
    rates: str = ""


def score(value: Decimal) -> str:
    """Two decimals at most, so that 79.99 is never shown as 80."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def strangers(threshold: Decimal) -> str:
    """The documented rate at which a stranger passes `threshold`."""
    if threshold < VENDOR_PASS:
        return _("more than 1 in 1,000")
    if threshold < TEN_TIMES_STRICTER_AT:
        return _("about 1 in 1,000")
    if threshold == TEN_TIMES_STRICTER_AT:
        return _("about 1 in 10,000")
    return _("fewer than 1 in 10,000")


def explain(similarity: Decimal | None, code: str, approve_at: Decimal) -> Meaning:
    """What the vendor's answer means for a reviewer who compares the faces."""
    band = review_bands.of_score(similarity, approve_at)
    if similarity is None:
        return Meaning(
            band,
            "quiet",
            _("No score"),
            _("The vendor did not compare the faces, so there is no score: judge the pictures alone."),
        )
    if (code == SUCCESS) != (similarity >= VENDOR_PASS):
        return Meaning(
            band,
            "bad",
            _("%(score)s: the answer contradicts itself") % {"score": score(similarity)},
            _("The code and the score don't fit each other. Rely on neither: judge the pictures alone."),
        )
    return _explain_score(similarity, approve_at, band)


def _explain_score(similarity: Decimal, approve_at: Decimal, band: Band) -> Meaning:
    values = {"score": score(similarity), "asks": score(approve_at)}
    if band is Band.BELOW:
        sentence = _("The vendor saw a living person, and says of anything below 70: not the same one.")
        return _meaning(band, "bad", _below(VENDOR_PASS - similarity), sentence, values)
    if band is Band.BETWEEN:
        sentence = _("The vendor saw a living person and passed the faces; your policy asks %(asks)s.")
        return _meaning(band, "warn", _("%(score)s: between 70 and %(asks)s"), sentence, values)
    headline = (
        _("%(score)s: above %(asks)s") if similarity > approve_at else _("%(score)s: just reaches %(asks)s")
    )
    sentence = _(
        "The vendor saw a living person and passed the faces, as your policy does: the case is here for another reason."
    )
    return _meaning(band, "good", headline, sentence, values)


def _below(points: Decimal) -> str:
    """How far a score lies below the vendor's threshold."""
    if points > FAR_BELOW:
        return _("%(score)s: far below 70")
    return _("%(score)s: below 70") if points > JUST_BELOW else _("%(score)s: just below 70")


def _meaning(band: Band, tone: str, headline: str, sentence: str, values: dict[str, str]) -> Meaning:
    rates = _(
        "The vendor documents that about 1 in 1,000 strangers reach 70, and about 1 in 10,000 reach 80."
    )
    return Meaning(band, tone, headline % values, sentence % values, rates)


UNKNOWN_CODE = gettext_lazy("This code is not in our list.")


# With these outcomes the code of the attempt is our own, not the vendor's.
OUR_OUTCOMES: dict[str, str | Promise] = {
    Outcome.UNUSABLE_MEDIA: gettext_lazy(
        "The recording could not be read by us; it was never sent to the vendor."
    ),
    Outcome.VENDOR_FAILED: gettext_lazy(
        "The vendor gave no answer that can be used. This says nothing about the applicant."
    ),
}


def describe_code(code: str, outcome: str = "") -> str:
    """Our description of the code of an attempt; "" if it has none."""
    if not code or outcome in OUR_OUTCOMES:
        return str(OUR_OUTCOMES.get(outcome, ""))
    rule = lookup(code, field="Result")
    sentences = [MEANINGS[rule.category]]
    if rule.suspicion:
        sentences.append(SUSPICION)
    if rule.category in {Category.CAPTURE_QUALITY, Category.REFERENCE_PHOTO}:
        sentences.append(_("Advice: %(hint)s") % {"hint": HINTS[rule.hint]})
    if not rule.known:
        sentences.append(UNKNOWN_CODE)
    return " ".join(str(sentence) for sentence in sentences)


def due(due_at: datetime | None, now: datetime) -> str:
    """How much time is left, or how late the case is; "" without a due time."""
    if due_at is None:
        return ""
    if due_at < now:
        return _("%(span)s late") % {"span": span(now - due_at)}
    return _("%(span)s left") % {"span": span(due_at - now)}


def mask(name: str) -> str:
    """The first letter of each name only: a list shows no full names."""
    return " ".join(f"{word[0]}•••" for word in name.split())


def mask_email(address: str) -> str:
    """The first letters of the local part and of the domain of an e-mail address."""
    user, at, host = address.rpartition("@")
    return f"{user[:1]}•••@{host[:1]}•••" if at else ""


def attempts(used: int, allowed: int) -> str:
    return _("%(used)s of %(allowed)s") % {
        "used": used,
        "allowed": allowed,
    }

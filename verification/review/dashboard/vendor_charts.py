"""The charts of the vendor's answers: codes, scores, cost, and the threshold simulator.

Turns counts into figures for `charts`; no queries.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from verification import charts
from verification.charts import Figure, Rows, Table
from verification.counts import vendor
from verification.liveness import VENDOR_PASS, lookup
from verification.models import Billed, Verdict
from verification.review import words
from verification.review.dashboard import simulation
from verification.review.dashboard.work_charts import TOP, day_of, share
from verification.review.policy import words as policy_words
from verification.vendor_accounts.code_guide.texts import TITLES

_PREFIX = "FailedOperation."


def codes(counted: Counter[tuple[str, bool]]) -> Figure:
    found = [(code, _category(code, checked), count) for (code, checked), count in _most(counted)]
    rest = counted.total() - sum(count for _code, _kind, count in found)
    if rest:
        found.append((_("All others"), "", rest))
    whole = counted.total()
    lines = [(code.removeprefix(_PREFIX), {"plain": count}) for code, _kind, count in found]
    return Figure(
        "codes",
        _("What the vendor answered"),
        _("%d answers, by code; the most frequent first.") % whole,
        Table(
            [_("Code"), _("What it means"), _("Count"), _("Share")],
            [[code, kind, count, share(count, whole)] for code, kind, count in found],
        ),
        [charts.rows(lines, {"plain": ""})] if whole else [],
    )


def _most(counted: Counter[tuple[str, bool]]) -> list[tuple[tuple[str, bool], int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:TOP]


def _category(code: str, checked: bool) -> str:
    return str(TITLES[lookup(code, field="Result" if checked else "Error").category])


def similarities(counted: dict[str, list[int]], approve_at: Decimal) -> Figure:
    kinds = {
        vendor.AUTOMATIC: _("passed by itself"),
        Verdict.APPROVE: _("approved by people"),
        Verdict.DECLINE: _("declined by people"),
        vendor.UNDECIDED: _("asked again or open"),
    }
    fills = {vendor.AUTOMATIC: "plain", Verdict.APPROVE: "approve", Verdict.DECLINE: "decline"}
    series = {fills.get(kind, "open"): counted[kind] for kind in kinds}
    says = {fills.get(kind, "open"): text for kind, text in kinds.items()}
    names = [f"{n * vendor.BIN}–{(n + 1) * vendor.BIN}" for n in range(vendor.BINS)]
    whole = sum(map(sum, counted.values()))
    low = round(VENDOR_PASS / vendor.BIN)
    below, between = (
        sum(sum(counts[:low]) for counts in counted.values()),
        sum(sum(counts[low : int(approve_at / vendor.BIN)]) for counts in counted.values()),
    )
    drawn = charts.columns(
        names,
        series,
        says,
        marks=_lines_at(approve_at),
        labels=[(at / 100, str(at)) for at in range(0, 101, 20)],
        height=200,
    )
    return Figure(
        "similarity",
        _("Similarity, and what became of it"),
        _(
            "%(all)s scores in steps of %(step)s: %(below)s below 70, where the vendor does not pass; %(between)s from "
            "there to the policy's %(asks)s; the rest above."
        )
        % {
            "all": whole,
            "step": vendor.BIN,
            "below": below,
            "between": between,
            "asks": words.score(approve_at),
        },
        Table(
            [_("Similarity"), *kinds.values()],
            [
                [names[n], *(counted[kind][n] for kind in kinds)]
                for n in reversed(range(vendor.BINS))
                if any(counted[kind][n] for kind in kinds)
            ],
        ),
        [drawn] if whole else [],
        list(says.items()),
    )


def _lines_at(approve_at: Decimal) -> list[tuple[float, str]]:
    if approve_at == VENDOR_PASS:
        return [(0.7, _("70: vendor and policy"))]
    asks = _("%s: policy") % words.score(approve_at)
    return [(0.7, _("70: vendor")), (float(approve_at) / 100, asks)]


def cost(counted: dict[str, Counter[date]], days: list[date], price: Decimal) -> Figure:
    kinds = {"plain": _("charged"), "maybe": _("may be charged")}
    yes, maybe = (counted.get(kind, Counter()) for kind in (Billed.YES, Billed.UNKNOWN))
    charged, unsure = yes.total(), maybe.total()
    says = _("%(charged)s calls charged, and %(unsure)s of which the vendor does not say.") % {
        "charged": charged,
        "unsure": unsure,
    }
    if price:
        low, high = (_money(count, price) for count in (charged, charged + unsure))
        says += " " + _("At %(price)s a call that is %(low)s, and up to %(high)s.") % {
            "price": price,
            "low": low,
            "high": high,
        }
    head = [_("Day"), _("Charged"), _("May be")]
    lines: list[list[Any]] = [[day_of(day), yes[day], maybe[day]] for day in reversed(days)]
    if price:
        head.append(_("Cost, up to"))
        for line, day in zip(lines, reversed(days), strict=True):
            line.append(_money(yes[day] + maybe[day], price))
    drawn = charts.columns(
        [day_of(day) for day in days],
        {"plain": [yes[day] for day in days], "maybe": [maybe[day] for day in days]},
        kinds,
    )
    return Figure(
        "cost",
        _("Calls and their cost by day"),
        says,
        Table(head, lines),
        [drawn] if charged or unsure else [],
        list(kinds.items()),
    )


def _money(count: int, price: Decimal) -> str:
    return f"{count * price:.2f}"


# The simulator


def simulator(effects: list[simulation.Effect], in_force: Decimal, days: int) -> Figure:
    kinds = {"plain": _("pass by themselves"), "open": _("go to review")}
    now = next(found for found in effects if found.threshold == in_force)
    lines = [
        (_threshold(found, in_force), {"plain": found.by_itself, "open": found.to_review})
        for found in effects
    ]
    alone = [_("%d by themselves") % found.by_itself for found in effects]
    drawn: list[Rows] = []
    if now.by_itself + now.to_review:
        drawn.append(charts.rows(lines, kinds, values=alone))
    return Figure(
        "simulator",
        _("Threshold simulator"),
        _(
            "How the %(count)s recordings that the vendor passed in %(days)s days would go at other thresholds."
        )
        % {"count": now.by_itself + now.to_review, "days": days},
        Table(
            [
                _("Threshold"),
                _("Strangers let through"),
                _("By themselves"),
                _("To review"),
                _("Change"),
            ],
            [_effect_row(found, in_force) for found in effects],
        ),
        drawn,
        list(kinds.items()),
        str(simulation.SAYS_NOT),
    )


def _threshold(found: simulation.Effect, in_force: Decimal) -> str:
    score = words.score(found.threshold)
    return _("%s, in force") % score if found.threshold == in_force else score


def _effect_row(found: simulation.Effect, in_force: Decimal) -> list[str | int]:
    change = found.more_by_itself.count - found.more_to_review.count
    return [
        _threshold(found, in_force),
        words.strangers(found.threshold),
        found.by_itself,
        found.to_review,
        f"{change:+d}" if change else "–",
    ]


def sentences(effects: list[simulation.Effect], in_force: Decimal) -> list[str]:
    return [policy_words.effect(found, in_force) for found in effects]


def warning(effects: list[simulation.Effect]) -> str:
    """The sentence about thresholds below the standard, or ""."""
    below = [words.score(found.threshold) for found in effects if found.below_nist]
    return policy_words.below_nist(*below) if below else ""

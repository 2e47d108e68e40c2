"""The charts of the figures. Each figure with rows of shares or counts has some; its table has all numbers."""

from collections.abc import Callable, Sequence

from verification import charts
from verification.charts import Columns, Intervals
from verification.charts import Rows as Bars
from verification.exports.statistics import telling
from verification.exports.statistics.figure import Row, Rows

Charts = Sequence[Columns | Bars | Intervals]
# The fill of each series: in the chart, and in its key.
APPROVED_DECLINED = {"approve": "approved", "decline": "declined"}
WITH_AGAINST = {"plain": "with the vendor", "decline": "against the vendor"}
TAKEN_BACK = {"plain": "decided the same way again", "decline": "decided the other way", "open": "open"}
PLAIN = {"plain": ""}
RERUNS = {"plain": "the same result", "decline": "the other result"}
KEYS = {
    "reruns": RERUNS,
    "outcomes_by_path": APPROVED_DECLINED,
    "overrides": WITH_AGAINST,
    "taken_back": TAKEN_BACK,
    "decisions_by_policy": APPROVED_DECLINED,
}


def of(key: str, rows: Rows) -> Charts:
    if key.startswith("groups_"):
        return _groups(rows)
    draw = _CHARTS.get(key)
    if draw is None or not rows:
        return []
    drawn = draw(rows)
    return [] if isinstance(drawn, Intervals) and not drawn.lines else [drawn]


def _bars(label: str, words: dict[str, str], *columns: str) -> Callable[[Rows], Bars]:
    """Bars of these columns, in the fills of `words` and in their order, but not of the row of all."""

    def draw(rows: Rows) -> Bars:
        kept = [row for row in rows if row[label] != "All"]
        lines = [
            (str(row[label]), {fill: row[name] for fill, name in zip(words, columns, strict=True)})
            for row in kept
        ]
        return charts.rows(lines, words)

    return draw


def _overrides(rows: Rows) -> Bars:
    kept = [row for row in rows if row["band"] != "All"]
    lines = [
        (
            f"{row['decision']}, {row['band'].lower()}",
            {"plain": row["with_vendor"], "decline": row["against"]},
        )
        for row in kept
    ]
    return charts.rows(lines, WITH_AGAINST)


def _months(rows: Rows) -> Columns:
    return charts.columns(
        [row["month"] for row in rows], {"plain": [row["decided"] for row in rows]}, {"plain": "decided"}
    )


def _whiskers(label: str) -> Callable[[Rows], Intervals]:
    return lambda rows: charts.intervals([_whisker(row, label) for row in rows if row["share"] is not None])


def _whisker(row: Row, label: str) -> tuple[str, str, tuple[float, float, float]]:
    ends = (float(row["low"]), float(row["share"]), float(row["high"]))
    value = f"{telling.share(row['share'])} ({100 * ends[0]:.1f}–{100 * ends[2]:.1f})"
    return str(row[label]), value, ends


def _groups(rows: Rows) -> Charts:
    """One chart for each thing that the cases are grouped by."""
    told: dict[str, Rows] = {}
    for row in rows:
        if row["share"] is not None:
            told.setdefault(row["dimension"], []).append(row)
    return [
        charts.intervals([_whisker(row, "group") for row in found], title=title)
        for title, found in told.items()
    ]


_CHARTS: dict[str, Callable[[Rows], Columns | Bars | Intervals]] = {
    "volumes": _bars("what", PLAIN, "count"),
    "volumes_by_month": _months,
    "outcomes_by_path": _bars("path", APPROVED_DECLINED, "approved", "declined"),
    "recordings": _bars("outcome", PLAIN, "count"),
    "bands": _bars("band", PLAIN, "count"),
    "overrides": _overrides,
    "reasons": _bars("reason", PLAIN, "count"),
    "review_times": _whiskers("queue"),
    "taken_back": _bars("decision", TAKEN_BACK, "same", "other", "open"),
    "reruns": _bars("was", RERUNS, "same", "other"),
    "decisions_by_policy": _bars("version", APPROVED_DECLINED, "approved", "declined"),
    "agreement": _whiskers("who"),
    "vendor_availability": _whiskers("end"),
    "vendor_codes": _bars("code", PLAIN, "calls"),
}

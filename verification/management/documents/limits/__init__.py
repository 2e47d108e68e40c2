"""docs/limits.md: every limit with its value, its place in the code, and what the person who meets it reads."""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings

import verification
from verification.management.documents.limits.applicants import APPLICANTS
from verification.management.documents.limits.dossier import DOSSIER
from verification.management.documents.limits.media import MEDIA
from verification.management.documents.limits.operators import OPERATORS
from verification.management.documents.limits.row import Limit
from verification.management.documents.limits.staff import STAFF
from verification.management.documents.limits.systems import SYSTEMS
from verification.management.documents.note import NOTE

GROUPS = {
    "Applicants": APPLICANTS,
    "Staff": STAFF,
    "Readers of a dossier": DOSSIER,
    "Operators": OPERATORS,
    "Systems behind the portal": SYSTEMS,
    "Photos and recordings, inside": MEDIA,
}

_PLACE = re.compile(r"(?P<module>[\w.]+):(?P<name>\w+)(?:\[(?P<key>[\w.]+)\])?")
_PER = {"m": "a minute", "ip": "from one address", "user": "by one person"}
_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))


def limits() -> str:
    groups = "".join(_group(title, rows) for title, rows in GROUPS.items())
    return f"""{NOTE}

# Limits

Every limit of the portal, grouped by who meets it first. The values are the constants of the code. Files are below
`verification/` unless they say otherwise. A range is what a setting or a term of the [policy](policy.md) may be.
{groups}"""


def _group(title: str, rows: tuple[Limit, ...]) -> str:
    lines = "\n".join(_row(limit) for limit in rows)
    return f"""
## {title}

| what | limit | where | what the person reads |
|---|---|---|---|
{lines}
"""


def _row(limit: Limit) -> str:
    found = value(limit.place)
    return f"| {limit.what} | {shown(found, limit.unit)} | {_where(limit.place)} | {_reads(limit, found)} |"


def value(place: str) -> Any:
    """The constant that `place` names. By its name, because this room may import none of those beside it."""
    module, name, key = _parsed(place)
    found = getattr(settings if module == "settings" else import_module(f"verification.{module}"), name)
    return found[key] if key else found


def _where(place: str) -> str:
    module, name, key = _parsed(place)
    if module == "settings":
        return f"`kyc_portal/settings.py` `{name}`"
    file = Path(str(import_module(f"verification.{module}").__file__))
    return f"`{file.relative_to(Path(verification.__file__).parent)}` `{name}`" + (
        f", `{key}`" if key else ""
    )


def _parsed(place: str) -> tuple[str, str, str | None]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"not module:NAME or module:NAME[key]: {place}")
    return found["module"], found["name"], found["key"]


def shown(limit: Any, unit: str) -> str:
    """The limit with its unit: a pair is a range, what has several keys allows each of them."""
    if isinstance(limit, timedelta):
        return _span(limit.total_seconds())
    if isinstance(limit, re.Pattern):
        return f"`{limit.pattern}`"
    if isinstance(limit, str):
        number, *per = limit.split("/")
        return " ".join([number, *(_PER[each] for each in per)])
    if hasattr(limit, "span"):
        return f"{limit.most} in {_span(limit.span.total_seconds())}"
    if isinstance(limit, tuple) and len(limit) == 2:
        return f"{_number(limit[0])} to {_number(limit[1])} {unit}".rstrip()
    if isinstance(limit, tuple | dict):
        return f"{', '.join(_number(each) for each in limit)} {unit}".rstrip()
    if unit == "bytes":
        return _bytes(limit)
    return _span(limit) if unit == "s" else f"{_number(limit)} {unit}".rstrip()


def _span(seconds: float) -> str:
    """In the largest unit that makes it a whole number, as long as that is more than one."""
    for size, name in _UNITS:
        if seconds % size == 0 and (seconds > size or size == 1 or (seconds == size and size > 60)):
            return f"{seconds / size:g} {name if seconds > size or name != 'days' else 'day'}"
    return f"{seconds * 1000:g} ms"


def _bytes(limit: int) -> str:
    if limit % 2**20 == 0:
        return f"{limit // 2**20:,} MiB"
    return f"{limit // 2**10} KiB" if limit % 2**10 == 0 and limit < 2**20 else f"{limit:,} bytes"


def _number(limit: float) -> str:
    return f"{limit:,.0f}" if limit == int(limit) else f"{limit:g}"


def _reads(limit: Limit, found: Any) -> str:
    """The code with its text, or the text of a page with the limit in its place."""
    if limit.code is None:
        return f"“{_filled(limit.text, found)}”" if limit.text else limit.effect
    table, code = limit.code
    if table == "api":
        refusal = value("api.errors:CODES")[code]
        return f"`{code}`, {refusal.status}: {refusal.message}"
    fault = value(f"pages.media_faults:of_{table}")(code)
    return f"`{code}`, {fault.status}: “{fault.words}”"


def _filled(text: str, found: Any) -> str:
    """The text with the limit in its last place; what varies between cases or installations stays open."""
    *before, end = re.split(r"%(?:\(\w+\))?[ds]", text)
    limit = _number(found) if isinstance(found, int | float) else "…"
    return "…".join(before) + limit + end if before else end

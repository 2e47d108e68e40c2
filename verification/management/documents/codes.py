"""docs/codes.md: every code of the vendor, and what comes of it."""

from collections.abc import Iterable

from verification.management.documents.note import NOTE
from verification.vendor_accounts import code_guide
from verification.vendor_accounts.code_guide import Handling, Section


def codes() -> str:
    listed = "".join(_section(section) for section in code_guide.sections())
    return f"""{NOTE}

# Codes

What the system does with each code that CompareFaceLiveness is known to answer with, and what the applicant reads.
Staff find the same under Vendor in the admin. "Not documented" is to be budgeted as charged.
{listed}
## A code that is in no list

{code_guide.FALLBACK} {code_guide.TWINS}

{_table("begins with", code_guide.fallbacks())}

## No code at all

{code_guide.FAILING}

{_table("what happened", code_guide.NO_CODE.values())}
"""


def _section(section: Section) -> str:
    columns = ["code", *(["what is wrong"] if section.has_causes else [])]
    columns += ["charged"] if section.applicant_text else ["the applicant reads", "charged"]
    lines = "\n".join(_row(section, row) for row in section.rows)
    hint = f"The applicant reads: “{section.applicant_text}”\n\n" if section.applicant_text else ""
    return f"""
## {section.title}

{section.meaning} **{section.does}**

{hint}| {" | ".join(columns)} |
|{"---|" * len(columns)}
{lines}
"""


def _row(section: Section, row: Handling) -> str:
    cells = [f"`{row.name}`", *([row.cause] if section.has_causes else [])]
    cells += [row.charged] if section.applicant_text else [row.applicant_text, row.charged]
    return f"| {' | '.join(map(str, cells))} |"


def _table(head: str, rows: Iterable[Handling]) -> str:
    lines = "\n".join(f"| {row.name} | {row.does} | {row.applicant_text} | {row.charged} |" for row in rows)
    return f"| {head} | the system | the applicant reads | charged |\n|---|---|---|---|\n{lines}"

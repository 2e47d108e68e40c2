"""What is written into an export for the person who reads it: a guide, and each column's meaning."""

from collections.abc import Iterable
from typing import Any, Final

from verification.exports.period.log_range import BESIDE
from verification.exports.period.table import Sensitivity, Table
from verification.exports.period.workbook import MAX_ROWS, NAME
from verification.models import Purpose

# Exports before this one of which it proves that it continues their trail. A proof has a kilobyte or two.
EARLIER: Final = 100
_README = """# Export of the audit trail, {first} to {last}

Purpose: {purpose}

{reason}

Both days are included. Every day and every time is UTC. Made {at} by {by} ({kind}).

## What is in it

- `verifications`: each case: whose it is (`reference`), how it ended, who decided, why, under which policy.
- `attempts`: each recording, what the vendor answered, and hashes of what was judged.
- `reviews`: each act of a reviewer, with its reason and the hash of the evidence that was judged. {notes}
- `document_checks`: what people found on the ID photos, question by question.
- `policies`: each version of the organisation's own terms.
- `consents`, `consent_texts`: what applicants answered, and the words that they answered to. {addresses}
- `events`: the trail itself: everything that happened, who did it, and when.

It has no names and no e-mail addresses of applicants, unless a note or a reason names somebody.

`DATA_DICTIONARY.md` says what each column means; `data_dictionary.json` says the same to a program. All tables show the
database at one and the same moment.

| files | for | values |
|---|---|---|
| `*.jsonl` | programs; always there | exact |
| `*.csv` | spreadsheets | text that could be taken for a formula has an apostrophe before the sign |
| `tables.xlsx` | Excel, LibreOffice | as in CSV; {most} rows of a table at most, and the sheet says where it is cut |
| `*.parquet` | databases and statistics | exact, with types |

## Who decided a case, on what, and under which policy?

1. Find the case by its `reference` in `verifications`. `decided_by` says whether policy or a reviewer decided.
2. If a reviewer did: `decider` is the person, `proposer` the other one if it took two, `reason_in_words` why, and
   `evidence_sha256` the hash of all that was judged. `review_id` leads to the row in `reviews`, and its `confirms_id`
   to the verdict that it confirms. Where two people differed, a senior decided, and `reviews` has all three.
3. If policy did: `request_id` is the vendor's call that it rests on, `similarity` what the vendor found.
4. The rows of `attempts` with the same `verification_id` have the hashes of photo, recording and best frame, and the
   vendor's answer.
5. `policy_version` leads to the terms in `policies`.

## Checking it

    python3 -I -S verify.py EXPORT.zip --key KEY

KEY is the trail's public key as the organisation publishes it: get it, and `verify.py`, from somewhere else than this
file. `--earlier` takes an export that you kept, of the last {earlier} before this one. For another checkpoint that you
kept, have a case pack made: it asks for its number of entries. The program finds each changed byte, and whether an
event of the period is missing: `events.jsonl` and `trail/beside.jsonl` hold all events at the places in the log that
`trail/range.json` names, and the log's root follows from them. The range reaches {beside} places further than the
period on both sides; an event that was sealed long after its time makes it longer. Events that were not yet sealed when
this export was made are in the next one.

The portal's trail holds the SHA-256 of this whole zip, in the event `export.created`.
"""
_SENSITIVE: Final = {
    Sensitivity.NONE: "Codes, counts, times, hashes, and ids that the portal made up.",
    Sensitivity.STAFF: "User names of those who work with the portal. They are part of the trail.",
    Sensitivity.REFERENCE: "The asking system's own id of a person: it leads back to them there.",
    Sensitivity.NOTES: "What reviewers typed: may name people. Empty unless somebody with the right asked for it.",
    Sensitivity.ADDRESSES: "From where a person came. Empty unless somebody with the right asked for it.",
}
_TYPES: Final = (
    ("text", "UTF-8 text", "string", "text"),
    ("integer", "whole number", "int64", "number"),
    ("decimal", "number with two places; text in JSON", "decimal128(9, 2)", "number"),
    ("boolean", "true or false", "bool", "TRUE or FALSE"),
    ("time", "ISO 8601 in UTC with microseconds and Z", "timestamp[us, tz=UTC]", "text, as its times have no zone"),
    ("json", "JSON; text in CSV", "string", "text"),
)  # fmt: skip


def readme(facts: dict[str, Any]) -> str:
    notes = (
        "Notes are in it." if facts["with_notes"] else "Their notes are left out: they were not asked for."
    )
    addresses = (
        "Network addresses are in it." if facts["with_addresses"] else "Network addresses are left out."
    )
    return _README.format(
        first=facts["period"]["first_day"],
        last=facts["period"]["last_day"],
        purpose=_purpose(facts),
        reason=f"> {_one_line(facts['reason'])}",
        at=facts["created_at"],
        by=facts["created_by"]["id"] or "somebody",
        kind=facts["created_by"]["kind"],
        notes=notes,
        addresses=addresses,
        most=f"{MAX_ROWS:,}",
        beside=BESIDE,
        earlier=EARLIER,
    )


def about(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The first sheet of the workbook."""
    period = facts["period"]
    return [
        ("Export", facts["export_id"]),
        ("First day (UTC)", period["first_day"]),
        ("Last day (UTC), included", period["last_day"]),
        ("Made", facts["created_at"]),
        ("By", f"{facts['created_by']['kind']} {facts['created_by']['id']}".strip()),
        ("Purpose", _purpose(facts)),
        ("Reason", _one_line(facts["reason"])),
        ("Reviewers' notes", "in it" if facts["with_notes"] else "left out"),
        ("Network addresses", "in it" if facts["with_addresses"] else "left out"),
        ("Most rows of a sheet", f"{MAX_ROWS:,}; a sheet that is cut says so in its last row"),
        *((f"Sheet {name}", meaning) for name, meaning in facts["filter"].items()),
        (
            "To check it",
            f"{NAME} can't be checked by itself. The JSON lines beside it can: README.md says how.",
        ),
    ]


def _purpose(facts: dict[str, Any]) -> str:
    return str(dict(Purpose.choices).get(facts["purpose"], facts["purpose"]))


def _one_line(text: str) -> str:
    """What somebody typed, so that no line of it can be taken for a part of the guide."""
    return " ".join(text.split())


def dictionary(tables: Iterable[Table]) -> dict[str, Any]:
    """The tables and columns with their meaning, as data."""
    return {
        table.name: {
            "meaning": table.meaning,
            "columns": [
                {
                    "name": each.name,
                    "type": each.kind,
                    "unit": each.unit,
                    "sensitivity": str(each.sensitivity),
                    "meaning": each.meaning,
                }
                for each in table.columns
            ],
        }
        for table in tables
    }


def dictionary_in_words(tables: Iterable[Table], title: str = "# What the columns mean") -> str:
    return "\n\n".join([title, _types(), _sensitivities(), *map(_table, tables)]) + "\n"


def _types() -> str:
    rows = [f"| {' | '.join(each)} |" for each in _TYPES]
    return "\n".join(["| type | CSV and JSON lines | Parquet | XLSX |", "|---|---|---|---|", *rows])


def _sensitivities() -> str:
    rows = [f"| {level} | {meaning} |" for level, meaning in _SENSITIVE.items()]
    return "\n".join(["| sensitivity | what it is |", "|---|---|", *rows])


def _table(table: Table) -> str:
    rows = [
        f"| `{each.name}` | {each.kind} | {each.unit} | {each.sensitivity} | {each.meaning} |"
        for each in table.columns
    ]
    names = "| column | type | unit | sensitivity | meaning |\n|---|---|---|---|---|"
    return "\n".join([f"## {table.name}\n\n{table.meaning}\n\n{names}", *rows])

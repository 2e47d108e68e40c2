"""What is written into an export for the person who reads it: a guide, and each column's meaning."""

from collections.abc import Iterable
from typing import Any

from verification.exports.period.table import Period, Table

_README = """# Export of the audit trail, {first} to {last}

{reason}

Both days are included. Every day and every time is UTC. The manifest says who made this export, and when.

## What is in it

- `verifications`: each case: whose it is (`reference`), how it ended, who decided, why, under which policy.
- `attempts`: each recording, what the vendor answered, and hashes of what was judged.
- `reviews`: each act of a reviewer, with its reason and the hash of the evidence that was judged. {notes}
- `document_checks`: what people found on the ID photos, question by question.
- `policies`: each version of the organisation's own terms.
- `consents`, `consent_texts`: what applicants answered, and the words that they answered to.
- `events`: the trail itself: everything that happened, who did it, and when.

Each table comes as `.csv` for spreadsheets and as `.jsonl` (one JSON object a line) for programs. Both hold the same
rows. `DATA_DICTIONARY.md` says what each column means; `data_dictionary.json` says the same to a program.

## Who decided a case, on what, and under which policy?

1. Find the case by its `reference` in `verifications`. `decided_by` says whether policy or a reviewer decided.
2. If a reviewer did: `decider` is the person, `proposer` the other one if it took two, `reason_in_words` why, and
   `evidence_sha256` the hash of all that was judged. `review_id` leads to the row in `reviews`, and its `confirms_id`
   to the verdict that it confirms. Where two people differed, a senior decided, and `reviews` has all three.
3. If policy did: `request_id` is the vendor's call that it rests on, `similarity` what the vendor found.
4. The rows of `attempts` with the same `verification_id` have the hashes of photo, recording and best frame, and the
   vendor's answer.
5. `policy_version` leads to the terms in `policies`.

## Opening it

A CSV file begins with a byte order mark, and each of its cells is quoted. Where a spreadsheet could take text for a
formula, an apostrophe stands before the sign; the JSON lines hold the exact text.

## Checking it

`manifest.json` names each file with its SHA-256, its size and its number of rows. `sha256sum FILE` gives the same. The
portal's trail holds the SHA-256 of this whole zip, in the event `export.created`.
"""


def readme(period: Period, reason: str, *, notes: bool) -> str:
    kept = "Notes are in it." if notes else "Their notes are left out: they were not asked for."
    first, last = period.first_day.isoformat(), period.last_day.isoformat()
    return _README.format(first=first, last=last, reason=_quoted(reason), notes=kept)


def _quoted(text: str) -> str:
    """What somebody typed, as one line that can't be taken for a part of the guide."""
    return "> " + " ".join(text.split())


def dictionary(tables: Iterable[Table]) -> dict[str, Any]:
    """The tables and columns with their meaning, as data."""
    return {
        table.name: {
            "meaning": table.meaning,
            "columns": [
                {"name": each.name, "type": each.kind, "meaning": each.meaning} for each in table.columns
            ],
        }
        for table in tables
    }


def dictionary_in_words(tables: Iterable[Table]) -> str:
    parts = ["# What the columns mean"]
    for table in tables:
        rows = [f"| `{each.name}` | {each.kind} | {each.meaning} |" for each in table.columns]
        parts.append(
            "\n".join(
                [f"## {table.name}\n\n{table.meaning}\n\n| column | type | meaning |\n|---|---|---|", *rows]
            )
        )
    return "\n\n".join(parts) + "\n"

"""docs/architecture.md: the rooms of the code in their layers, from the import rules and the rooms' own docstrings."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import verification
from verification.management.documents.note import NOTE

_HOUSE = Path(verification.__file__).parent
_PROSE = """\
## Who calls whom

- **HTTP comes in** at four rooms: `pages` (applicants), `review` (staff), `api` (systems) and `operations` (load
  balancers). Celery's messages come in at `tasks`, commands at `management`. None of them holds a rule of a case: each
  checks who asks, calls an action, and words the answer.
- **HTTP goes out** from three rooms: `liveness` calls the vendor, `storage` the object store, `webhooks` the
  operator's own addresses: for alerts, of witnesses and of time-stamp authorities. E-mail leaves from `messages` alone.
- **An action** is one act. It writes its change and its event in the same transaction; one that pays for a call or runs
  in batches commits step by step. It calls no other action: what two of them need lies below them.
- **Statuses** are written by `workflow` alone, by the moves in `states`; **events** by `audit` alone. The decision
  itself (`rules.decision`) knows neither database nor clock.
- **Bytes from outside** are decoded in a child process of `media` alone, and stored by `storage` alone, encrypted.
- **The vendor's codes** have their rules in `liveness.codes`: a category, a hint for the applicant, and whether the
  call is billed. `vendor_accounts.code_guide` only describes them.

## The life of an attempt

1. `pages` takes the photo and the recording: it limits the body while it arrives, and calls `actions.document`,
   `actions.challenge`, `actions.receive_parts` and `actions.submit`. These have `media` check the file and `storage`
   keep it. With the submit, `workflow` moves the case to *checking*.
2. The row is the queue. After the commit, `jobs.doorbell` sends a message that holds an id; if it is lost, the sweep
   sends another. A worker takes a lease of the attempt (`jobs.leases`). Each lease has a higher fence than the last,
   and a write under an old fence changes nothing.
3. `actions.prepare` has `media` rewrite the recording as the vendor takes it.
4. `actions.assess` reserves a slot (`vendor_accounts.pacing`), commits the call's row (`vendor_accounts.call_ledger`),
   and only then lets `liveness` send it, in its slot and with a permit: docs/adr/0028. The answer is committed before
   anything follows from it. If the worker dies, `jobs.leases` frees the attempt, and `call_ledger.close_lost` closes
   the call.
5. `rules.decision` says what follows under the policy of the case. `workflow` writes the outcome, the move and the
   event in one transaction: approved, collecting again, or in review.
6. A reviewer finds the case in `review`. Each act is an action on `casework`, which checks that the page still shows
   what the row holds.
7. `actions.export` has `exports` write what auditors take away.

`python -m tests.architecture` counts the rooms, the imports between them, and the sizes of files and functions.
"""


def architecture() -> str:
    rules = tomllib.loads((_HOUSE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = rules["tool"]["importlinter"]["contracts"]
    floors = [layer.split(" | ") for layer in contracts[0]["layers"]]
    beside = contracts[0]["exhaustive_ignores"]
    others = "\n".join(f"- {contract['name']}." for contract in contracts[1:])
    return f"""{NOTE}

# Architecture

One Django project in two packages. `kyc_portal/` is the wiring: settings, addresses, Celery, the sandbox of the demo.
`verification/` is the product, in the rooms below; it never imports the wiring. A room is a package or a file directly
below `verification/`.

## One direction

A room may import the rooms of the layers below its own. It imports none of a layer above, and none beside it in the
same layer. `make check` holds every import to that, and this picture is drawn from the same rules.

```mermaid
{_picture(floors)}
```

| layer | room | what it holds |
|---|---|---|
{_rooms(floors)}

`review` is the largest and has rooms of its own:

| room | what it holds |
|---|---|
{_inner("review")}

Beside the layers stand {_listed(beside)}: Django calls them, and nothing imports them.

Further rules of the same check:

{others}

{_PROSE}"""


def _picture(floors: list[list[str]]) -> str:
    boxes = "\n".join(f'    L{number}["{" · ".join(rooms)}"]' for number, rooms in enumerate(floors, 1))
    arrows = "\n".join(f"    L{number} --> L{number + 1}" for number in range(1, len(floors)))
    return f"flowchart TB\n{boxes}\n{arrows}"


def _rooms(floors: list[list[str]]) -> str:
    return "\n".join(row for number, rooms in enumerate(floors, 1) for row in _rows(number, rooms))


def _rows(number: int, rooms: list[str]) -> Iterator[str]:
    for room in rooms:
        yield f"| {number} | `{room}` | {_summary(room)} |"


def _inner(room: str) -> str:
    packages = sorted(path.parent.name for path in (_HOUSE / room).glob("*/__init__.py"))
    return "\n".join(f"| `{room}.{name}` | {_summary(f'{room}/{name}')} |" for name in packages)


def _summary(room: str) -> str:
    """The first paragraph of the room's docstring."""
    package = _HOUSE / room / "__init__.py"
    source = package if package.is_file() else _HOUSE / f"{room}.py"
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{source} has no docstring")
    return " ".join(text.partition("\n\n")[0].split())


def _listed(names: list[Any]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}"

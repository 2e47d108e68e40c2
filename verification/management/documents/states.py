"""docs/states.md: whose turn each status is, and every legal move."""

from verification.management.documents.note import NOTE
from verification.states import ATTEMPT_MOVES, MOVES, OWNERS, Status


def states() -> str:
    owners = "\n".join(f"| {status} | {OWNERS[status]} |" for status in Status)
    arrows = "\n".join(f"    {source} --> {target}" for source, target in MOVES)
    moves = "\n".join(
        f"| {move.source} | {move.target} | {', '.join(sorted(move.actors))} | {move.audit_event} | "
        f"{move.webhook_event} |"
        for move in MOVES.values()
    )
    attempts = "\n".join(
        f"    {source} --> {target}"
        for source, targets in ATTEMPT_MOVES.items()
        for target in sorted(targets)
    )
    return f"""{NOTE}

# States

## A verification

```mermaid
stateDiagram-v2
    [*] --> {Status.INVITED}
{arrows}
```

| status | whose turn |
|---|---|
{owners}

| from | to | who may | audit event | webhook event (none is sent yet) |
|---|---|---|---|---|
{moves}

## An attempt

```mermaid
stateDiagram-v2
    [*] --> issued
{attempts}
```
"""

"""docs/permissions.md: who may do what, at which address, and with which case."""

from django.conf import settings

from verification.management.documents.note import NOTE
from verification.permissions import RIGHTS, Group, Right
from verification.permissions.addresses import ADDRESSES, ANYBODY, STAFF, Address
from verification.permissions.situations import ACTS, SITUATIONS, Situation


def permissions() -> str:
    rights = "\n".join(_granted(name, right) for name, right in RIGHTS.items())
    addresses = "\n".join(
        f"| `/admin/{address.path}` | {_who(address)} | {address.does} | {_rules(address)} |"
        for address in ADDRESSES
    )
    situations = "\n".join(_situation(situation) for situation in SITUATIONS)
    minutes = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT // 60
    return f"""{NOTE}

# Permissions

Rights come from the groups alone. A superuser without a group has no right, and neither has a person who is in no
group, is not staff, was deactivated, or came by an applicant's link. A person in two groups has the rights of both.
Every cell of these tables is tested.

## Rights

| right | {" | ".join(Group)} | everybody else reads |
|---|{"---|" * len(Group)}---|
{rights}

## Addresses

Without a session, or after its end, every address but those of *{ANYBODY}* leads to the sign-in. Where a second step
is required, a password alone opens only the pages to take it or set it up. *{STAFF}* is any person who is signed in, of
any group or none; Without the right the answer is 403, and at an address that is not listed for
everybody. "–" is not served: 405, or back to the page of the form. *fresh* asks a person who has the right for a proof
of identity, unless they gave one within the last {minutes} minutes. A request that is refused or not served changes
nothing.

| address | GET | POST | what | also |
|---|---|---|---|---|
{addresses}

## One case

What each act does for a reviewer; behind the slash for a senior reviewer, if it differs. "Me" is the person who acts.
*Proposed*: the verdict waits for a second person. *Differs*: it is not the one that was proposed, so a senior reviewer
decides between the two. *Nothing*: the case does not change, and the page says so. *Void*:
409, and the proposal is gone. A number is the HTTP status of a refusal, after which the case is as before; a 409 shows
the page as it is now, which is recorded as a view. Auditors may view (open, evidence, reveal) with the same answers;
all else, and everything for anybody else, is 403. Neither the REST API nor the stock admin's pages decide a case.

| situation | {" | ".join(act.replace("_", " ") for act in ACTS)} |
|---|{"---|" * len(ACTS)}
{situations}
"""


def _granted(name: str, right: Right) -> str:
    return f"| `{name}` | {' | '.join(_tick(group in right.groups) for group in Group)} | {right.sentence} |"


def _tick(has: bool) -> str:
    return "✓" if has else "–"


def _who(address: Address) -> str:
    return " | ".join(_right(name) for name in (address.get, address.post))


def _rules(address: Address) -> str:
    again = "+".join(method.upper() for method in address.fresh)
    return "; ".join(filter(None, [address.rules, again and f"{again}: *fresh*"]))


def _right(name: str) -> str:
    return f"`{name}`" if name in RIGHTS else f"*{name}*" if name else "–"


def _situation(situation: Situation) -> str:
    cells = []
    for act in ACTS:
        reviewer, senior = (situation.answer(group, act) for group in (Group.REVIEWER, Group.SENIOR))
        cells.append(reviewer if reviewer == senior else f"{reviewer} / {senior}")
    return f"| **{situation.name}**: {situation.says} | {' | '.join(cells)} |"

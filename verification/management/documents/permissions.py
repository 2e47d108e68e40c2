"""docs/permissions.md: who may do what, at which address, and with which case."""

from django.conf import settings

from verification.management.documents.note import NOTE
from verification.permissions import RIGHTS, Group, Right
from verification.permissions.addresses import ADDRESSES, ANYBODY, NOBODY, STAFF, Address
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

Rights come from the groups alone: a superuser without a group may nothing, and so may somebody who is in no group, is
not of the staff, was deactivated, or came by an applicant's link. Who is in two groups has the rights of both.
Every cell of these tables is tested.

## Rights

| right | {" | ".join(Group)} | everybody else is told |
|---|{"---|" * len(Group)}---|
{rights}

## Addresses

Who is not signed in is led to the sign-in from every address but those of *{ANYBODY}*; so is somebody whose session is
over. Where a second step is required, a password alone opens nothing but the pages to take or set it up. *{STAFF}* is
whoever is signed in, of any group or none, *{NOBODY}* is nobody. Without the right the answer is 403.
An address that is not listed answers 403 to everybody. "–" is not served: 405, or back to the page whose form it was.
*fresh* takes somebody who showed within the last {minutes} minutes that it is them: others who have the right are asked
first. Whatever is refused or not served has changed nothing.

| address | GET | POST | what | also |
|---|---|---|---|---|
{addresses}

## One case

What an act comes to for a reviewer; behind the slash for a senior reviewer, where it is something else. "Me" is who
acts. *Proposed* waits for a second person. *Nothing* is told so. *Void* is 409, and the proposal is gone. A number is
the HTTP status of a refusal. After *nothing* and after a number the case is as it was; a 409 shows the page as it is
now, which is a look like any other. Auditors look (open, evidence, reveal) with the same answers; everything else, and
everything for anybody else, is 403. The REST API decides nothing, whoever calls it, and nor do the stock admin's pages.

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

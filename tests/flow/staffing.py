"""What the staff do on the pages of changes to staff, one function each, and what these pages show."""

import re
from datetime import timedelta
from typing import Any

import time_machine

from tests.flow.conftest import LATER, again, text_of
from verification.models import StaffChange, StaffUser

REVIEWER, SENIOR, AUDITOR, OPERATOR = "Reviewer", "Senior reviewer", "Auditor", "Operator"
_SECRET = re.compile(r'<output class="secret">([^<]+)</output>')
_SHOWN = re.compile(r'name="shown" value="([^"]+)"')


def appoint(by: Any, username: str = "rosa", *groups: str) -> StaffChange:
    fields = {"username": username, "groups": groups or [REVIEWER], "reason": "New here."}
    answer = by.post("/admin/staff/appoint", fields)
    assert answer.status_code == 302, text_of(answer)
    return StaffChange.objects.latest("pk")


def ask(by: Any, about: Any, kind: str, **fields: Any) -> Any:
    """Propose what may be refused."""
    return by.post(f"/admin/staff/{about.pk}/propose", {"kind": kind, "reason": "Asked for it.", **fields})


def propose(by: Any, about: Any, kind: str, **fields: Any) -> StaffChange:
    answer = ask(by, about, kind, **fields)
    assert answer.status_code == 302, text_of(answer)
    return StaffChange.objects.latest("pk")


def do(by: Any, change: StaffChange, act: str) -> Any:
    return by.post(f"/admin/staff/changes/{change.public_id}/{act}")


def at_once(by: Any, user: Any, act: str) -> Any:
    return by.post(f"/admin/staff/{user.pk}/at-once", {"act": act})


def alone(by: Any, *changes: StaffChange) -> list[Any]:
    """Put the changes into effect a day later, without a second person. Returns the answers."""
    with days_later(1):
        again(by)
        return [do(by, change, "confirm") for change in changes]


def secret_of(page: Any) -> str:
    (secret,) = _SECRET.findall(text_of(page))
    return str(secret)


def confirmed(olga: Any, sam: Any) -> tuple[str, str]:
    """A new account: the password as its proposer has it, the code as the second person has it."""
    change = appoint(olga)
    code = secret_of(do(sam, change, "confirm"))
    return secret_of(do(olga, change, "hand-out")), code


def days_later(days: int) -> Any:
    """No session lasts so long: who acts then signs in `again`."""
    return time_machine.travel(LATER + timedelta(days=days), tick=False)


def groups_of(username: str) -> list[str]:
    return sorted(StaffUser.objects.get(username=username).groups.values_list("name", flat=True))


def mark_shown(client: Any) -> list[str]:
    """Press the button on the page of changes, with what the page shows."""
    shown = _SHOWN.findall(text_of(client.get("/admin/staff/changes/", follow=True)))
    client.post("/admin/staff/seen", {"shown": shown})
    return shown

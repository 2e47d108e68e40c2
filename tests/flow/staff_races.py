"""Two acts on one account of the staff at the same moment: `python -m tests.flow.staff_races`.

The environment configures a portal with an empty PostgreSQL that nothing else uses. The module prints what happened as
JSON: for one operator who is alone, and for one of two who confirm each other's proposals.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from verification import audit, permissions  # noqa: E402
from verification.actions import staff_change  # noqa: E402
from verification.models import ChangeKind, StaffChange, StaffUser  # noqa: E402

MAX_SECONDS = 60
NOW = timezone.now()
LATER = NOW + staff_change.ALONE_AFTER
Act = Callable[[], Any]


def main() -> None:
    call_command("migrate", verbosity=0)
    olga = member("olga", "Operator")
    alone = raced("rosa", olga, olga), raced("ruth", olga, olga, step_first=True)
    oscar = member("oscar", "Operator")
    two = raced("paul", olga, oscar), raced("pete", olga, oscar, step_first=True)
    json.dump({"alone": alone, "two": two}, sys.stdout)


def raced(name: str, olga: StaffUser, other: StaffUser, *, step_first: bool = False) -> dict[str, str]:
    """Olga hands out an account's new password and confirms, at the same moment, that it loses its second step.

    Returns what refused her, and whom the account counts as then.
    """
    user = member(name, "Reviewer")
    apps.get_model("mfa", "Authenticator").objects.create(user=user, type="totp", data={})
    password = proposed(ChangeKind.PASSWORD, user, olga)
    step = proposed(ChangeKind.SECOND_STEP, user, other)
    staff_change.confirm(password, **by(other))
    acts = [
        lambda: staff_change.hand_out(password, **by(olga)),
        lambda: staff_change.confirm(step, **by(olga)),
    ]
    refused = ""
    try:
        together(*(acts[::-1] if step_first else acts))
    except permissions.OwnProposal as error:
        refused = type(error).__name__
    return {"refused": refused, "person": StaffUser.objects.get(pk=user.pk).person().get_username()}


def together(first: Act, second: Act) -> None:
    """Runs `first`, and before that is committed `second`, until it is done or waits for `first`."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            end = time.monotonic() + MAX_SECONDS
            running = pool.submit(second)
            while not running.done() and not somebody_waits() and time.monotonic() < end:
                time.sleep(0.01)
        running.result(MAX_SECONDS)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def member(name: str, group: str) -> StaffUser:
    user = StaffUser.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def proposed(kind: ChangeKind, about: StaffUser, proposer: StaffUser) -> StaffChange:
    return staff_change.propose(kind, about, wanted={}, reason="Lost.", **{**by(proposer), "now": NOW})


def by(user: StaffUser) -> dict[str, Any]:
    return {"by": user, "acting_as": audit.By("operator", user.get_username()), "now": LATER}


if __name__ == "__main__":
    main()

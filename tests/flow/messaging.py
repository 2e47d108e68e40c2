"""What the tests of messages share: a policy that tells everything, and a worker that sends what is due."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.conftest import NOW
from tests.flow import reviewing
from verification import messages
from verification.models import Message, Policy, StaffUser

PERSON: dict[str, Any] = {"email": "alice@example.org"}


def telling(staff: Callable[..., StaffUser], *terms: str, **others: Any) -> Policy:
    """Puts a policy into force that tells applicants what these terms say."""
    by = (staff("Senior reviewer", "writer"), staff("Senior reviewer", "second"))
    return reviewing.policy(by, **{f"tell_{term}": True for term in terms}, **others)


def send(now: datetime = NOW) -> int:
    """What a worker does: send until nothing is due, or nothing can be sent. Returns how often it went on."""
    number = 0
    with messages.MailServer() as server:
        while messages.send_next(server, clock=lambda: now):
            number += 1
    return number


def states(case: Any) -> dict[str, str]:
    """The state of each message of the case, with what happened, by its kind."""
    return {
        message.kind: " ".join(filter(None, [message.state, message.error]))
        for message in Message.objects.filter(verification=case)
    }

"""Sending what waits in the outbox, one message after another.

A message is claimed, sent and marked as sent. A worker that dies in between leaves a lease that runs out, and then the
message goes out a second time with the same Message-ID: at least once, and the only moment at which it can happen twice
is between the server's yes and the commit.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from verification import audit, storage
from verification.jobs.connections import let_go_of_database
from verification.messages import kept_links, outbox, outgoing, sms, texts
from verification.messages.errors import NotTaken, Refused
from verification.messages.mail import Email, MailServer
from verification.models import Channel, Message, MessageKind, MessageState, Verification

# Messages that are sent at the same time, by all workers together: threads that wait for a mail server are missing for
# the vendor.
SENDERS = 2

log = structlog.get_logger(__name__)


def senders_wanted(*, now: datetime) -> int:
    """How many more workers should send now: SENDERS while something is due, without those that do."""
    waiting = _waiting()
    due = outgoing.due(waiting, now=now).order_by()[:SENDERS].count()
    return max(0, min(due, SENDERS - waiting.filter(lease_until__gt=now).count())) if due else 0


def send_next(server: MailServer, *, clock: Callable[[], datetime]) -> bool:
    """Send what is due first. False if nothing is due, or if the next would fail as well."""
    message = outgoing.claim(_waiting(), now=clock())
    if message is None:
        return False
    case = Verification.objects.select_related("applicant", "policy", "client__brand").get(
        pk=message.verification_id
    )
    why = outbox.why_not(message, case, now=clock())
    if why:
        _drop(message, why)
    elif outbox.is_held(message, case):
        _put_off(message, case, outbox.ADDRESS_CAME_BACK, clock())
    else:
        return _send(message, case, server, clock)
    return True


def _waiting() -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.WAITING)


def _send(message: Message, case: Verification, server: MailServer, clock: Callable[[], datetime]) -> bool:
    try:
        text = _text(message, case)
        let_go_of_database()
        _hand_over(message, case, text, server)
    except Refused as error:
        _fail(message, case, error.code, clock())
    except NotTaken as error:
        _put_off(message, case, error.code, clock())
        return not error.everything
    else:
        _sent(message, case, text.locale, clock())
    return True


def _text(message: Message, case: Verification) -> texts.Text:
    try:
        link = kept_links.link_of(case)
    except storage.Unavailable:
        raise NotTaken("key_not_there") from None
    if not link and message.kind == MessageKind.INVITATION:
        raise Refused("link_not_kept")
    try:
        return texts.text_of(message, case, link)
    except Exception as error:
        # Templates may be the organisation's own: whatever one raises neither ends the worker nor stays unnoticed.
        log.warning("messages.template_broken", message=message.public_id, error=type(error).__name__)
        broken = Refused("template_broken")
    raise broken


def _hand_over(message: Message, case: Verification, text: texts.Text, server: MailServer) -> None:
    if message.channel == Channel.EMAIL:
        to, number = [case.applicant.email], message.public_id
        server.send(Email(to, text.subject, text.body, number, text.locale, text.sender))
    else:
        client = case.client.public_id if case.client else ""
        sms.send(
            reference=case.applicant.reference, client=client, text=text.body, message_id=message.public_id
        )


def _sent(message: Message, case: Verification, locale: str, now: datetime) -> None:
    facts: dict[str, Any] = {"locale": locale, "error": "", "sent_at": now, "state": MessageState.SENT}
    if message.channel == Channel.EMAIL:
        facts["address_hash"] = outbox.address_hash(case.applicant.email)
    if not _finish(message, case, "message.sent", now, **facts):
        log.warning("messages.sent_twice", message=message.public_id)
    elif not outbox.link_needed_again(case, after=message):
        kept_links.forget(case)


def _fail(message: Message, case: Verification, code: str, now: datetime) -> None:
    facts = {"state": MessageState.FAILED, "error": code, "not_before": now}
    if _finish(message, case, "message.failed", now, **facts):
        log.error("messages.failed", message=message.public_id, code=code)


def _put_off(message: Message, case: Verification, code: str, now: datetime) -> None:
    if outgoing.gives_up(message, now=now):
        _fail(message, case, code, now)
    else:
        outgoing.finish(message, error=code, not_before=outgoing.next_try(message, now=now))
        log.warning("messages.put_off", message=message.public_id, code=code, tries=message.tries)


def _finish(message: Message, case: Verification, event: str, now: datetime, **facts: Any) -> bool:
    with transaction.atomic(durable=True):
        if not outgoing.finish(message, **facts):
            return False
        told = {"message": message.public_id, "message_kind": message.kind, "channel": message.channel}
        code = {"code": message.error} if message.error else {}
        audit.record(event, by=audit.By.system(), subject=case, at=now, **told, **code)
    return True


def _drop(message: Message, why: str) -> None:
    """A message that was planned and did not become necessary leaves no row."""
    if message.kind in outbox.PLANNED and why != "not_set_up":
        Message.objects.filter(pk=message.pk, fence=message.fence, state=MessageState.WAITING).delete()
    else:
        outgoing.finish(message, state=MessageState.DROPPED, error=why)

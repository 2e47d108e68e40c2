"""What is to be told to whom: written with what happened, and asked again right before it is sent."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from verification import audit, links, storage
from verification.messages import kept_links, mail, sms
from verification.models import Channel, Message, MessageKind, MessageState, Policy, Verification
from verification.states import ENDED, Status

# A reminder goes out so long before the link ends, or halfway if the link lives for less than twice as long.
REMIND_BEFORE = timedelta(days=2)
# A failure counts as news for so long; one that is put off counts after so long.
FAILED_LATELY = timedelta(hours=1)
PUT_OFF_FOR = timedelta(minutes=15)
# The code of a message that is held, because an earlier one to the same address came back.
ADDRESS_CAME_BACK = "address_came_back"
# What says nothing about other messages, unless so many fail within FAILED_LATELY.
_OF_ONE_ADDRESS = frozenset(
    {"address_refused", "unfit_address", "put_off", "sms_refused", "link_not_kept", ADDRESS_CAME_BACK}
)
MANY = 10

TERMS: dict[str, str] = {
    MessageKind.INVITATION: "tell_invitation",
    MessageKind.REMINDER: "tell_reminder",
    MessageKind.AGAIN: "tell_again",
    MessageKind.RESULT: "tell_result",
    MessageKind.DELAY: "tell_delay",
}
# In which statuses each is true.
_TRUE_IN: dict[str, frozenset[Status]] = {
    MessageKind.INVITATION: frozenset({Status.INVITED, Status.COLLECTING}),
    MessageKind.REMINDER: frozenset({Status.INVITED, Status.COLLECTING}),
    MessageKind.AGAIN: frozenset({Status.COLLECTING}),
    MessageKind.RESULT: frozenset({Status.APPROVED, Status.DECLINED}),
    MessageKind.DELAY: frozenset({Status.IN_REVIEW}),
}
# They carry a link, and are written ahead of their time.
_WITH_LINK = frozenset({MessageKind.INVITATION, MessageKind.REMINDER, MessageKind.AGAIN})
PLANNED = frozenset({MessageKind.REMINDER, MessageKind.DELAY})

log = structlog.get_logger(__name__)


class CameBack(Exception):
    """The message is not one that was sent; the message of this is a sentence for staff."""


class NotNow(Exception):
    """The message can't be sent again; the message of this is a sentence for staff."""


def invited(case: Verification, token: str, *, now: datetime) -> Message | None:
    """Queue the invitation and plan the reminder, as the policy says; call it with the link's token while it is known.

    Returns the invitation, or None if the policy asks for none or the applicant can't be reached.
    """
    if not tells(case.policy, _WITH_LINK) or channel_of(case) is None:
        return None
    message = _queue(MessageKind.INVITATION, case, now=now)
    ends = case.link_expires_at
    _queue(MessageKind.REMINDER, case, now=now, due_at=ends - min(REMIND_BEFORE, (ends - now) / 2))
    try:
        kept_links.keep(case, token)
    except (storage.Unavailable, storage.KeyDestroyed) as error:
        # The case is made all the same; what goes out without its link says so.
        log.warning("messages.link_not_kept", case=case.public_id, error=type(error).__name__)
    return message


def sends_invitations(policy: Policy) -> bool:
    """Whether links go out by themselves under this policy, to those who can be reached."""
    return policy.tell_invitation and (mail.is_set_up() or sms.is_set_up())


def can_send_link(case: Verification) -> bool:
    """Whether a new link of this case would go out by itself."""
    channel = channel_of(case)
    if channel is None or not case.policy.tell_invitation:
        return False
    return channel != Channel.EMAIL or mail.is_set_up()


def out_of_reach(cases: QuerySet[Verification]) -> QuerySet[Verification]:
    """Those of `cases` whose applicants get no message, whatever the policy says: `channel_of` for many."""
    if mail.is_set_up():
        cases = cases.filter(applicant__email="")
    return cases.exclude(applicant__email="") if sms.is_set_up() else cases


def link_ended(case: Verification) -> None:
    """The link was revoked, or another one is about to be made."""
    if tells(case.policy, _WITH_LINK):
        kept_links.forget(case)


def moved(case: Verification, *, now: datetime) -> None:
    """Queue what the policy says for the status at which the case has arrived; within the transaction of the move."""
    if not tells(case.policy):
        return
    if case.status in ENDED:
        kept_links.forget(case)
    _forget_plans(case)
    if case.status in {Status.APPROVED, Status.DECLINED}:
        _queue(MessageKind.RESULT, case, now=now)
    elif case.status == Status.COLLECTING and case.asked_again_at is not None:
        _queue(MessageKind.AGAIN, case, now=now)
    elif case.status == Status.IN_REVIEW and case.due_at is not None:
        _queue(MessageKind.DELAY, case, now=now, due_at=case.due_at)


def _forget_plans(case: Verification) -> None:
    """What was planned and can't become true any more leaves no row. A reminder can until the case has ended."""
    over = [MessageKind.REMINDER] if case.status in ENDED else []
    if case.status != Status.IN_REVIEW:
        over.append(MessageKind.DELAY)
    Message.objects.filter(verification=case, kind__in=over, state=MessageState.WAITING).delete()


def channel_of(case: Verification) -> Channel | None:
    """E-mail for those with an address; else SMS, if the organisation has set it up: it knows the numbers."""
    if case.applicant.erased_at is not None:
        return None
    if case.applicant.email:
        return Channel.EMAIL
    return Channel.SMS if sms.is_set_up() else None


def address_hash(address: str) -> str:
    return salted_hmac("verification.messages.address", address.lower(), algorithm="sha256").hexdigest()


def why_not(message: Message, case: Verification, *, now: datetime) -> str:
    """Why a message must not go out any more, as a code; "" if it may. `case` as it is now, with its applicant."""
    if case.applicant.erased_at is not None:
        return "erased"
    if case.status not in _TRUE_IN[message.kind] or _about(message.kind, case) != message.about:
        return "overtaken"
    if message.kind in _WITH_LINK and (case.link_revoked_at is not None or case.link_expires_at <= now):
        return "link_ended"
    if not (mail.is_set_up() if message.channel == Channel.EMAIL else sms.is_set_up()):
        return "not_set_up"
    return "" if channel_of(case) == message.channel else "no_address"


def is_held(message: Message, case: Verification) -> bool:
    """Whether an e-mail to this very address came back, and nobody has said since that it is right."""
    return message.channel == Channel.EMAIL and _returned(case).exists()


def link_needed_again(case: Verification, *, after: Message) -> bool:
    """Whether a message to come may still carry the link."""
    to_come = (
        {MessageKind.AGAIN}
        if after.kind == MessageKind.REMINDER
        else {MessageKind.REMINDER, MessageKind.AGAIN}
    )
    return tells(case.policy, to_come)


def came_back(message: Message, *, by: audit.By, now: datetime) -> None:
    """Somebody saw that the e-mail came back. Nothing goes to that address until somebody says that it is right, by
    sending this one again or a new link. Raises CameBack.
    """
    sent = Message.objects.filter(pk=message.pk, state=MessageState.SENT, channel=Channel.EMAIL)
    if not sent.update(state=MessageState.BOUNCED, error="came_back"):
        raise CameBack(_("Only an e-mail that was sent can come back."))
    facts = {"message": message.public_id, "message_kind": message.kind}
    audit.record("message.came_back", by=by, subject=message.verification, at=now, **facts)


def lacks_link(message: Message, case: Verification) -> bool:
    """Whether it is an invitation whose link is not kept any more: only another one, with a new link, can go out."""
    return message.kind == MessageKind.INVITATION and not kept_links.is_kept(case)


def send_again(message: Message, *, by: audit.By, now: datetime) -> None:
    """One that was not sent, or that came back, is tried again from the beginning. Raises NotNow."""
    case = Verification.objects.select_related("applicant", "policy").get(pk=message.verification_id)
    if why_not(message, case, now=now):
        raise NotNow(_("What this message says is no longer true, or the applicant can't be reached."))
    if lacks_link(message, case):
        raise NotNow(_("Its link is not kept any more. The front office can send a new one."))
    stopped = Message.objects.filter(
        pk=message.pk, state__in=[MessageState.FAILED, MessageState.BOUNCED, MessageState.DROPPED]
    )
    anew = {"due_at": now, "not_before": now, "tries": 0, "error": "", "sent_at": None}
    if not stopped.update(state=MessageState.WAITING, **anew):
        raise NotNow(_("This message is on its way already."))
    address_is_right(case)
    facts = {"message": message.public_id, "message_kind": message.kind}
    audit.record("message.sent_again", by=by, subject=case, at=now, **facts)


def address_is_right(case: Verification) -> None:
    """Whoever sends to the applicant's address once more says so: what came back from it holds no other message."""
    _returned(case).update(address_hash="")


def _returned(case: Verification) -> QuerySet[Message]:
    address = address_hash(case.applicant.email)
    return Message.objects.filter(state=MessageState.BOUNCED, address_hash=address)


def failing(*, now: datetime) -> str:
    """The code of what keeps messages in general from being sent; "" if nothing does.

    An address that is wrong keeps nothing else; many at once are no accident.
    """
    failed = Message.objects.filter(state=MessageState.FAILED, not_before__gt=now - FAILED_LATELY)
    put_off = Message.objects.filter(
        state=MessageState.WAITING, due_at__lt=now - PUT_OFF_FOR, tries__gt=0
    ).exclude(error="")
    for rows in (failed, put_off):
        newest = rows.exclude(error__in=_OF_ONE_ADDRESS).order_by("-not_before").first()
        if newest is not None:
            return newest.error
    return "many_refused" if failed.order_by()[:MANY].count() == MANY else ""


def _queue(
    kind: MessageKind, case: Verification, *, now: datetime, due_at: datetime | None = None
) -> Message | None:
    channel = channel_of(case)
    if channel is None or not getattr(case.policy, TERMS[kind]):
        return None
    at = due_at or now
    row = {"channel": channel, "created_at": now, "due_at": at, "not_before": at}
    if channel == Channel.EMAIL and not mail.is_set_up():
        row |= {"state": MessageState.DROPPED, "error": "not_set_up"}
    message, _made = Message.objects.get_or_create(
        verification=case, kind=kind, about=_about(kind, case), defaults=row
    )
    return message


def _about(kind: str, case: Verification) -> str:
    """Which link, question, decision or wait of the case a message is about, as the case has it now."""
    at = {
        MessageKind.AGAIN: case.asked_again_at,
        MessageKind.RESULT: case.decided_at,
        MessageKind.DELAY: case.queued_at,
    }
    if kind not in at:
        return links.link_prefix(case)
    moment = at[MessageKind(kind)]
    return moment.astimezone(UTC).isoformat() if moment else ""


def tells(policy: Policy, kinds: Iterable[str] = TERMS) -> bool:
    """Whether the policy says that applicants are told any of these kinds."""
    return any(getattr(policy, TERMS[kind]) for kind in kinds)

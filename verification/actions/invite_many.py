"""Inviting the people of a file: the file is read and kept, a person looks at what was read and confirms it, and then
all are invited in one transaction.

Only the file that was looked at can be confirmed: it is known by its hash, and read again. If a line fits no more, or
fits now, nobody is invited. The file is deleted after a day at the latest; the faults that stay name no person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TypeVar

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from verification import audit, links, messages, storage
from verification.invitations import csv_file, people
from verification.invitations.case import change, new_case, policy_to_invite_under
from verification.invitations.people import Fault, Person, Reading
from verification.models import (
    ApiClient,
    Applicant,
    AuditEvent,
    DataKey,
    FileState,
    InvitationFile,
    Policy,
    Verification,
)
from verification.states import ENDED, Status

KEPT = timedelta(days=1)
# People of one statement: few enough that memory does not grow with the file.
CHUNK = 500
# People whose messages are queued at once, every few seconds.
SENT_AT_ONCE = 100
RENEWED = ["link_hash", "link_expires_at", "link_revoked_at"]

Row = TypeVar("Row")

log = structlog.get_logger(__name__)


class NotWaiting(Exception):
    """The file was confirmed, dropped or forgotten, or it is not the one that was shown."""


def read(data: bytes, *, client: ApiClient | None, mode: str, by: audit.By, now: datetime) -> InvitationFile:
    """Keep the file and what was read of it; nobody is invited. Raises csv_file.Unreadable, storage.Unavailable."""
    reading = _reading(data, client)
    with transaction.atomic(durable=True):
        # Committed before the file is written, so that the sweep finds what a crash leaves.
        key = storage.new_key()
        file = InvitationFile.objects.create(
            by=by.id,
            client=client,
            mode=mode,
            data_key=key,
            created_at=now,
            expires_at=now + KEPT,
        )
    stored = storage.store(key, "invitations", data)
    file.file_name, file.file_sha256 = stored.name, stored.sha256
    _note(file, reading)
    with transaction.atomic():
        file.save(update_fields=["file_name", "file_sha256", "lines", "fit", "faults"])
        facts = {"file_sha256": stored.sha256, "lines": file.lines, "fit": file.fit}
        audit.record("invitation_file.read", by=by, subject=file, at=now, **facts)
    return file


def confirm(file: InvitationFile, *, sha256: str, send: bool = False, by: audit.By, now: datetime) -> bool:
    """Invite the people of the lines that fit, all or none. Raises NotWaiting, PolicyNotAdopted, or storage errors.

    `send`: whoever can be reached gets their link as a message, if the policy says so; `send_some` queues these.

    False if other lines fit now than those that were shown: nobody is invited, and the file tells what is wrong now.
    """
    try:
        return _confirm(file, sha256, send, by, now)
    except IntegrityError:
        # Somebody invited one of them at the same moment. The second reading sees that.
        return _confirm(file, sha256, send, by, now)


@transaction.atomic
def _confirm(file: InvitationFile, sha256: str, send: bool, by: audit.By, now: datetime) -> bool:
    locked = InvitationFile.objects.select_for_update(of=("self",)).select_related("client").get(pk=file.pk)
    if not is_waiting(locked, now) or locked.file_sha256 != sha256:
        raise NotWaiting("The file does not wait any more, or is another one.")
    shown = locked.faults
    _note(locked, reading := _reading(_bytes(locked), locked.client, lock=True))
    if locked.faults != shown:
        locked.save(update_fields=["lines", "fit", "faults"])
        return False
    policy = policy_to_invite_under()
    for chunk in _chunks(reading.people):
        _invite(chunk, locked, policy, by, now)
    locked.state, locked.ended_at = FileState.DONE, now
    locked.by_message = send and messages.sends_invitations(policy)
    locked.messaged_up_to = 0 if locked.by_message else None
    locked.save(update_fields=["state", "ended_at", "by_message", "messaged_up_to"])
    facts = {
        "file_sha256": sha256,
        "invited": locked.fit,
        "left_out": locked.lines - locked.fit,
        "by_message": locked.by_message,
    }
    audit.record("invitation_file.confirmed", by=by, subject=locked, at=now, **facts)
    return True


@transaction.atomic
def drop(file: InvitationFile, *, by: audit.By, now: datetime) -> None:
    """Forget a file that waits. Raises NotWaiting."""
    locked = InvitationFile.objects.select_for_update().get(pk=file.pk)
    if not is_waiting(locked, now):
        raise NotWaiting("The file does not wait any more.")
    _end(locked, FileState.DROPPED, by, now)
    transaction.on_commit(partial(_delete, locked, now))


@transaction.atomic
def send_some(*, now: datetime) -> int:
    """Queue the links of the next people of a file that go out as messages, each with a link that is new.

    Apart from the confirmation and a slice at a time: it seals each link under a key of its person, which takes longer
    than inviting them, and nobody waits at a page for it. Returns how many people were looked at.
    """
    waiting = InvitationFile.objects.filter(messaged_up_to__isnull=False).order_by("pk")
    file = waiting.select_for_update(skip_locked=True).first()
    if file is None:
        return 0
    rows = Verification.objects.filter(invited_by_file=file, pk__gt=file.messaged_up_to)
    rows = rows.select_related("applicant", "policy").order_by("pk")
    cases = list(rows.select_for_update(of=("self",))[:SENT_AT_ONCE])
    for case in cases:
        if _has_not_begun(case) and messages.can_send_link(case):
            token = _renew(case, now)
            case.save(update_fields=RENEWED)
            messages.invited(case, token, now=now)
            audit.record("link.renewed", by=audit.By.system(), subject=case, at=now, file=file.public_id)
    file.messaged_up_to = cases[-1].pk if len(cases) == SENT_AT_ONCE else None
    file.save(update_fields=["messaged_up_to"])
    return len(cases)


@dataclass(frozen=True)
class Link:
    reference: str
    url: str
    expires_at: datetime


@transaction.atomic
def make_links(file: InvitationFile, *, by: audit.By, now: datetime) -> list[Link]:
    """New links for the people of the file who have not begun. Those of an earlier file of links end."""
    InvitationFile.objects.select_for_update().get(pk=file.pk)
    keys = list(to_hand_over(file).order_by("pk").values_list("pk", flat=True))
    made = [link for chunk in _chunks(keys) for link in _renewed(file, chunk, by, now)]
    InvitationFile.objects.filter(pk=file.pk).update(links_made_at=now)
    audit.record("invitation_file.links_made", by=by, subject=file, at=now, links=len(made))
    return made


def to_hand_over(file: InvitationFile) -> QuerySet[Verification]:
    """The cases of the file whose link somebody hands over: of those who get none as a message and have not begun.

    Whoever has begun keeps the link that they have.
    """
    cases = Verification.objects.filter(invited_by_file=file, status=Status.INVITED, browser_hash="")
    return messages.out_of_reach(cases) if file.by_message else cases


def _has_not_begun(case: Verification) -> bool:
    return case.status == Status.INVITED and not case.browser_hash


def _renewed(file: InvitationFile, keys: Sequence[int], by: audit.By, now: datetime) -> list[Link]:
    rows = to_hand_over(file).filter(pk__in=keys).select_related("applicant", "policy").order_by("pk")
    cases = list(rows.select_for_update(of=("self",)))
    made = [
        Link(case.applicant.reference, links.url(_renew(case, now)), case.link_expires_at) for case in cases
    ]
    if cases:
        Verification.objects.bulk_update(cases, ["link_hash"])
        # All cases of a file have one policy, so the rest is the same for all: one statement, a third of the time.
        same = {"link_expires_at": cases[0].link_expires_at, "link_revoked_at": None}
        Verification.objects.filter(pk__in=[case.pk for case in cases]).update(**same)
        facts = {"file": file.public_id}
        audit.record_all(
            [audit.event("link.renewed", by=by, subject=case, at=now, **facts) for case in cases]
        )
    return made


def _renew(case: Verification, now: datetime) -> str:
    """Give the case another link; returns its token. It saves nothing."""
    token = links.new_token()
    case.link_hash, case.link_expires_at = links.token_hash(token), links.expiry(case.policy, now=now)
    case.link_revoked_at = None
    return token


def expire(*, now: datetime) -> int:
    """Delete the files whose day is over. The rows stay, without the file."""
    over = InvitationFile.objects.filter(data_key__destroyed_at__isnull=True, expires_at__lte=now)
    files = list(over.exclude(data_key=None).select_related("data_key")[:CHUNK])
    for file in files:
        with transaction.atomic():
            locked = InvitationFile.objects.select_for_update().get(pk=file.pk)
            if locked.state == FileState.READ:
                _end(locked, FileState.DROPPED, audit.By.system(), now)
        _delete(file, now)
    return len(files)


def faults(file: InvitationFile) -> list[Fault]:
    """What was wrong with its lines when it was last read."""
    return [Fault(*values) for values in file.faults]


def is_waiting(file: InvitationFile, now: datetime) -> bool:
    return file.state == FileState.READ and bool(file.file_name) and now < file.expires_at


def is_kept(file: InvitationFile, now: datetime) -> bool:
    """Whether the file itself can still be read."""
    return file.data_key_id is not None and file.state != FileState.DROPPED and now < file.expires_at


def original(file: InvitationFile, now: datetime) -> Iterator[csv_file.Line]:
    """The lines of the file as it was sent. Raises NotWaiting once it is deleted, or storage errors."""
    if not is_kept(file, now):
        raise NotWaiting("The file is no longer kept.")
    return csv_file.lines(_bytes(file))


def _bytes(file: InvitationFile) -> bytes:
    return storage.read(file.file_name, sha256=file.file_sha256)


def _reading(data: bytes, client: ApiClient | None, *, lock: bool = False) -> Reading:
    """What the file says, less the references that are taken."""
    reading = people.read(csv_file.lines(data))
    # In the same order for everybody, so that two who invite the same people do not wait for each other.
    reading.people.sort(key=lambda person: person.reference)
    if lock:
        _lock(reading.people, client)
    free: list[Person] = []
    for chunk in _chunks(reading.people):
        taken = _taken(chunk, client)
        free += [person for person in chunk if person.reference not in taken]
        reading.faults += [
            Fault(person.line, "reference", taken[person.reference])
            for person in chunk
            if person.reference in taken
        ]
    reading.people = free
    reading.faults.sort(key=lambda fault: fault.line)
    return reading


def _lock(wanted: Sequence[Person], client: ApiClient | None) -> None:
    """Lock the applicants that there are, all before anything else and in one order, whatever files others confirm.

    In statements of their own: what the next one reads is then as the last holder of a lock has left it.
    """
    found = (_applicants(chunk, client).values_list("pk", flat=True) for chunk in _chunks(wanted))
    for keys in _chunks(sorted(chain.from_iterable(found))):
        rows = Applicant.objects.select_for_update(of=("self",)).filter(pk__in=keys)
        list(rows.order_by("pk").values_list("pk"))


def _taken(chunk: Sequence[Person], client: ApiClient | None) -> dict[str, str]:
    """The references that can't be invited, each with the code of why."""
    applicants = _applicants(chunk, client)
    open_ones = Verification.objects.filter(applicant=OuterRef("pk")).exclude(status__in=ENDED)
    erased = applicants.filter(erased_at__isnull=False).values_list("reference", flat=True)
    under_way = applicants.filter(Exists(open_ones)).values_list("reference", flat=True)
    return {**dict.fromkeys(under_way, "open_case"), **dict.fromkeys(erased, "erased")}


def _applicants(chunk: Sequence[Person], client: ApiClient | None) -> QuerySet[Applicant]:
    references = [person.reference for person in chunk]
    return Applicant.objects.filter(client=client, reference__in=references)


def _note(file: InvitationFile, reading: Reading) -> None:
    file.lines, file.fit = reading.lines, len(reading.people)
    file.faults = [fault.as_list() for fault in reading.faults]


def _invite(
    chunk: Sequence[Person], file: InvitationFile, policy: Policy, by: audit.By, now: datetime
) -> None:
    known = {each.reference: each for each in _applicants(chunk, file.client)}
    changed = dict[int, list[str]]()
    for person in chunk:
        details = {"name": person.name, "email": person.email, "locale": person.locale}
        applicant = known.get(person.reference)
        if applicant is None:
            known[person.reference] = Applicant(
                client=file.client, reference=person.reference, created_at=now, **details
            )
        elif fields := change(applicant, **details):
            changed[applicant.pk] = fields
    Applicant.objects.bulk_create([each for each in known.values() if each.pk is None])
    events = _change(known, changed, by, now)
    cases = [
        new_case(
            known[person.reference],
            policy,
            client=file.client,
            mode=person.mode or file.mode,
            now=now,
            file=file,
        )
        for person in chunk
    ]
    Verification.objects.bulk_create([case.verification for case in cases])
    audit.record_all([*events, *(case.event(by=by, at=now, file=file.public_id) for case in cases)])


def _change(
    known: dict[str, Applicant], changed: dict[int, list[str]], by: audit.By, now: datetime
) -> list[AuditEvent]:
    applicants = [each for each in known.values() if each.pk in changed]
    if applicants:
        Applicant.objects.bulk_update(applicants, ["name", "email", "locale"])
    return [
        audit.event("applicant.changed", by=by, subject=each, at=now, commits=[each], fields=changed[each.pk])
        for each in applicants
    ]


def _end(file: InvitationFile, state: FileState, by: audit.By, now: datetime) -> None:
    file.state, file.ended_at = state, now
    file.save(update_fields=["state", "ended_at"])
    audit.record("invitation_file.dropped", by=by, subject=file, at=now, file_sha256=file.file_sha256)


def _delete(file: InvitationFile, now: datetime) -> None:
    """Destroy the key, so that nobody can read the file; what the store fails to delete, the sweep deletes later."""
    key = DataKey.objects.filter(invitation_file=file).first()
    if key is None:
        return
    try:
        storage.erase(key, now=now)
    except OSError as error:
        log.warning("invitation_file.not_deleted", file=file.public_id, error=type(error).__name__)


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]

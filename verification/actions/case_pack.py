"""Making the pack of one case: everything about it in one file that anybody can check without the portal."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import structlog
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, permissions
from verification.audit import log as trail
from verification.audit import trail_keys, viewing
from verification.exports import case_pack
from verification.exports.case_pack import Contents
from verification.models import AuditEvent, StaffUser, Verification

MAX_REASON = 200
# Each pack proves that the trail still begins as it did at the newest packs of the case before it.
MAX_EARLIER = 20

log = structlog.get_logger(__name__)


class Purpose(TextChoices):
    COMPLAINT = "complaint", gettext_lazy("Complaint or appeal")
    AUDIT = "audit", gettext_lazy("Internal or external audit")
    AUTHORITY = "authority", gettext_lazy("Request of a court or an authority")
    REQUEST = "data_request", gettext_lazy("Answer a request about their data")


class UnusableRequest(ValueError):
    """The pack can't be made as asked; the message is fit for the person who asked."""


class NotMade(Exception):
    """The pack can't be made now: the trail lacks an act on the case, or nothing signs. The message is for the user."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for. `reason` stays in the trail for good, and must not name the person.

    `earlier` is the size of the trail at a checkpoint that the reader kept, if they told it.
    """

    purpose: Purpose
    reason: str
    contents: Contents
    earlier: int | None = None


@dataclass(frozen=True)
class Made:
    """The pack, open at its start; whoever closes the file deletes it."""

    file: IO[bytes]
    name: str
    sha256: str
    size: int
    checkpoint: int


def for_staff(case: Verification, asked: Asked, *, by: StaffUser, acting_as: audit.By, now: datetime) -> Made:
    """Raises permissions.Denied, and what `make` raises."""
    permissions.check_case_pack(by, case)
    if asked.contents.media:
        permissions.check(by, "view_evidence")
    if asked.contents.names:
        permissions.check_reveal(by)
    if asked.contents.names or asked.contents.notes:
        permissions.check(by, "export_sensitive")
    return make(case, asked, by=acting_as, now=now)


def make(case: Verification, asked: Asked, *, by: audit.By, now: datetime) -> Made:
    """Make the pack as of the newest checkpoint, and record who asked for it and why. Seal the trail before.

    Raises UnusableRequest, NotMade, or storage.Unavailable if the media can't be read now.
    """
    reason = asked.reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise UnusableRequest(_("A reason is needed, of %(most)s characters at most.") % {"most": MAX_REASON})
    file = tempfile.TemporaryFile()  # noqa: SIM115  whoever gets it closes it
    try:
        gathered = _gathered(case, asked, file)
        size, sha256 = file.tell(), _digest(file)
    except BaseException:
        file.close()
        raise
    of_pack = {"file_sha256": sha256, "file_size": size, "checkpoint": gathered.checkpoint.size}
    told = {"purpose": asked.purpose.value, "reason": reason, "contents": asked.contents.as_list()}
    viewing.record(viewing.PACK, by=by, subject=case, now=now, **told, **of_pack)
    name = f"case-{case.public_id}-at-{gathered.checkpoint.size}.zip"
    return Made(file, name, sha256, size, gathered.checkpoint.size)


def _gathered(case: Verification, asked: Asked, file: IO[bytes]) -> case_pack.Gathered:
    try:
        gathered = case_pack.gather(case.pk, asked.contents)
        _check_earlier(asked.earlier, gathered.checkpoint.size)
        case_pack.write(file, gathered, earlier=_earlier(case, asked))
    except trail.NotSealed as error:
        raise NotMade(
            _("The newest events of this case are not sealed yet. Please try again in a minute.")
        ) from error
    except (trail_keys.NotIntroduced, trail_keys.DeviceFailed) as error:
        log.error("case_pack.not_signed", reason=str(error))
        raise NotMade(_("The pack can't be signed now. An operator finds the reason in the log.")) from error
    return gathered


def _check_earlier(earlier: int | None, size: int) -> None:
    """A trail that is shorter than what the reader kept can't be shown to begin with it."""
    if earlier is not None and not 0 < earlier <= size:
        told = {"size": f"{size:,}", "earlier": f"{earlier:,}"}
        raise UnusableRequest(_("The trail has %(size)s events: no checkpoint of it has %(earlier)s.") % told)


def _earlier(case: Verification, asked: Asked) -> Iterable[int]:
    """Checkpoints that somebody may hold the pack against: those of the packs before, and the one that was named."""
    packs = AuditEvent.objects.filter(subject_id=case.public_id, kind=viewing.PACK).order_by("-pk")
    sizes = {event.data["checkpoint"] for event in packs[:MAX_EARLIER]}
    return sizes | ({asked.earlier} if asked.earlier else set())


def _digest(file: IO[bytes]) -> str:
    """SHA-256 of the whole file, which then stands at its start."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
    file.seek(0)
    return digest.hexdigest()

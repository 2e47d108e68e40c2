"""Beginning the trail's log again under another name, after an operator has found out why it lacks what it had."""

from datetime import datetime

from django.db import transaction

from verification import anchors, audit
from verification.audit import log, trail_keys
from verification.models import TrailAnchor, TrailHead, TrailKey
from verification.transparency import notes

MIN_REASON, MAX_REASON = 10, 500  # characters


class RestartRefused(Exception):
    """The message says why, to an operator."""


@transaction.atomic(durable=True)
def restart(*, by: audit.By, reason: str, now: datetime) -> str:
    """The new name of the log. The event names what lies outside, so that nothing of it is hidden by the new name.

    Raises RestartRefused as long as nothing contradicts the log.
    """
    if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
        raise RestartRefused(f"Say why in {MIN_REASON} to {MAX_REASON} characters.")
    found = anchors.contradicting()
    if not found:
        raise RestartRefused("Nothing outside contradicts the log, so nothing was done.")
    head, _made = TrailHead.objects.select_for_update().get_or_create(pk=TrailHead.ONLY)
    before, checkpoint = trail_keys.origin(), log.newest()
    key = trail_keys.begin_again(head, now=now)
    audit.record(
        "trail.restarted",
        by=by,
        subject=key,
        at=now,
        reason=reason.strip(),
        before=before,
        since=head.size,
        vkey=key.vkey,
        newest_here=checkpoint.note if checkpoint else "",
        outside=[{"place": place.address, "found": place.found} for place in found],
    )
    TrailAnchor.objects.update(
        size=0, verdict="", found="", asked_at=None, error="", tries=0, due_at=now, not_before=now
    )
    return _name(key)


def _name(key: TrailKey) -> str:
    return notes.PublicKey.parse(key.vkey).name

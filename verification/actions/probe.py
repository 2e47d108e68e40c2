"""Probing a paused account by a signed request that can't be charged."""

from datetime import datetime

import structlog

from verification import liveness
from verification.jobs import doorbell
from verification.models import VendorAccount
from verification.vendor_accounts import clients, pacing

log = structlog.get_logger(__name__)


def probe(account_name: str, *, now: datetime) -> None:
    """Probe the account if that is due. After a good answer one waiting call is tried."""
    account = next((row for row in pacing.accounts() if row.name == account_name), None)
    if account is None or not pacing.claim_probe(account, now=now):
        return
    code, retry_after = _refusal(account, now)
    if code:
        log.warning("account.still_paused", account=account.name, code=code)
        pacing.prolong(account, reason=code, now=now)
        if retry_after:
            pacing.wait(account, seconds=retry_after, now=now)
        return
    pacing.allow_trial(account, now=now)
    doorbell.ring_next()


def _refusal(account: VendorAccount, now: datetime) -> tuple[str, float]:
    """The error code of the probe, "" if at least one region answers, and the seconds of its Retry-After."""
    found = [_refusal_of(account, region, now) for region in clients.regions()]
    return next((refusal for refusal in found if not refusal[0]), found[0])


def _refusal_of(account: VendorAccount, region: str, now: datetime) -> tuple[str, float]:
    """As `_refusal`, for one region. A complaint about the empty request shows that the account is served."""
    try:
        code = clients.client(account.name, region, settled=False).probe(now=now.timestamp)
    except liveness.LivenessError as error:
        return error.code, error.retry_after
    well = liveness.lookup(code, field="Error").category == liveness.Category.BAD_REQUEST
    return "" if well else code, 0.0

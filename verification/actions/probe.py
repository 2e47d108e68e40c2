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
    code = _code(account, now)
    if code:
        log.warning("account.still_paused", account=account.name, code=code)
        pacing.prolong(account, reason=code, now=now)
        return
    pacing.allow_trial(account, now=now)
    doorbell.ring_next()


def _code(account: VendorAccount, now: datetime) -> str:
    """The error code of the probe; "" if at least one region answers."""
    codes = [_code_of(account, region, now) for region in clients.regions()]
    return "" if "" in codes else codes[0]


def _code_of(account: VendorAccount, region: str, now: datetime) -> str:
    """As `_code`, for one region. A complaint about the empty request shows that the account is served."""
    try:
        code = clients.client(account.name, region, settled=False).probe(now=now.timestamp)
    except liveness.LivenessError as error:
        return error.code
    well = liveness.lookup(code, field="Error").category == liveness.Category.BAD_REQUEST
    return "" if well else code

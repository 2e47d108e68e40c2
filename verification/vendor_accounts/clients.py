"""The configured vendor: which region is called, and one client for each account and region.

Another region is called only when the first can't be reached, which means that nothing was sent there; and only one
of those that the operator has listed. This module holds no policy and makes no call itself.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings

from verification.liveness import Credentials, LivenessClient
from verification.models import CallState, ProviderCall, VendorAccount

# A region that could not be reached is not called for this long; then one call tries it.
REGION_REST = timedelta(seconds=30)


def regions() -> list[str]:
    """The regions that may be called, the preferred one first."""
    return [settings.FACEID_REGION, *settings.FACEID_FALLBACK_REGIONS]


def region_to_call(account: VendorAccount, *, now: datetime) -> str:
    """The first region that is not known to be out of reach; the preferred one if all are."""
    first, *others = regions()
    if not others or reachable(account, first, now=now):
        return first
    return next((region for region in others if reachable(account, region, now=now)), first)


def reachable(account: VendorAccount, region: str, *, now: datetime) -> bool:
    """False for `REGION_REST` after a call that could not be sent there, and while one call tries it again."""
    calls = ProviderCall.objects.filter(account=account, region=region)
    last = calls.filter(ended_at__isnull=False, slot_missed=False).order_by("-ended_at").first()
    if last is None or last.ended_at is None or last.state != CallState.NOT_SENT:
        return True
    if now - last.ended_at < REGION_REST:
        return False
    return not calls.filter(state=CallState.SENDING, started_at__gte=now - REGION_REST).exists()


def client(account_name: str, region: str) -> LivenessClient:
    """The client of this account in this region, shared by the threads of the process."""
    account = settings.FACEID_ACCOUNTS[account_name]
    endpoint = settings.FACEID_ENDPOINT
    if region != settings.FACEID_REGION:
        endpoint = settings.FACEID_REGION_ENDPOINT.replace("{region}", region)
    return _client(
        endpoint,
        region,
        account["secret_id"],
        account["secret_key"],
        account["token"],
        settings.FACEID_UNSIGNED_PAYLOAD,
    )


@lru_cache(maxsize=32)
def _client(
    endpoint: str, region: str, secret_id: str, secret_key: str, token: str, unsigned: bool
) -> LivenessClient:
    credentials = Credentials(secret_id, secret_key, token or None)
    return LivenessClient(endpoint, region, credentials, unsigned_payload=unsigned)

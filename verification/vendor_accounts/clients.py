"""The configured vendor: which region is called, and one client for each account and region.

Another region is called only when the first can't be reached, which means that nothing was sent there; and only one
of those that the operator has listed. Credentials that come from files are read again for each call. This module holds
no policy and decides on no call itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache

from django.conf import settings

from verification import outbound
from verification.liveness import (
    Answer,
    Billed,
    Credentials,
    CredentialsReplaced,
    LivenessClient,
    Misconfigured,
    RequestBody,
)
from verification.models import CallState, ProviderCall, VendorAccount
from verification.secret_files import SecretFiles, Unreadable

# A region that could not be reached is not called for this long; then one call tries it.
REGION_REST = timedelta(seconds=30)
CREDENTIALS = ("secret_id", "secret_key", "token")


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


def send(
    account_name: str,
    region: str,
    body: RequestBody,
    *,
    now: Callable[[], float],
    may_send: Callable[[], bool],
    begun: Callable[[], None],
) -> Answer:
    """Send the body from this account. Raises any LivenessError.

    The credentials are read again before an account counts as refused. If they have been replaced since, the error is
    CredentialsReplaced in place of Misconfigured. The refused call is not repeated here: each needs a slot of its own.
    """
    used = client(account_name, region)
    try:
        return used.send(body, now=now, may_send=may_send, begun=begun)
    except Misconfigured as error:
        if client(account_name, region, settled=False) is used:
            raise
        raise CredentialsReplaced(error.code, error.request_id) from error


def client(account_name: str, region: str, *, settled: bool = True) -> LivenessClient:
    """The client of this account in this region, with its credentials as they are now; shared by the process's threads.

    `settled` as in `SecretFiles.current`. Raises Misconfigured if their files, or the proxy's, have not been usable for
    long.
    """
    endpoint = settings.FACEID_ENDPOINT
    if region != settings.FACEID_REGION:
        endpoint = settings.FACEID_REGION_ENDPOINT.replace("{region}", region)
    keys, route = _credentials(account_name, settled), _route()
    return _client(endpoint, region, *keys, settings.FACEID_UNSIGNED_PAYLOAD, route.proxy, route.ca_file)


def _credentials(account_name: str, settled: bool) -> tuple[str, ...]:
    """Id, key and token."""
    account = settings.FACEID_ACCOUNTS[account_name]
    values = tuple(account[name] for name in CREDENTIALS)
    try:
        found = _files(values, tuple(account["files"].items())).current(settled=settled)
    except Unreadable:
        raise Misconfigured("credentials_unreadable", billed=Billed.NO) from None
    return tuple(found.values())


def _route() -> outbound.Route:
    try:
        return outbound.route()
    except Unreadable:
        raise Misconfigured("proxy_unreadable", billed=Billed.NO) from None


@cache
def _files(values: tuple[str, ...], files: tuple[tuple[str, str], ...]) -> SecretFiles:
    return SecretFiles(dict(zip(CREDENTIALS, values, strict=True)), dict(files))


@lru_cache(maxsize=32)
def _client(
    endpoint: str,
    region: str,
    secret_id: str,
    secret_key: str,
    token: str,
    unsigned: bool,
    proxy: str,
    ca_file: str,
) -> LivenessClient:
    credentials = Credentials(secret_id, secret_key, token or None)
    return LivenessClient(
        endpoint, region, credentials, unsigned_payload=unsigned, proxy=proxy, ca_file=ca_file
    )

"""How often a caller may call: with a good key by client, with bad keys by address.

The counts are in the cache and may miss a few calls that come at the same moment. There is one entry for each client,
and addresses share BUCKETS of them, so that no stranger can fill the cache. A full bucket changes only how bad keys are
answered: a good key behind the same address always passes.
"""

import hashlib
from typing import Final

from django.core.cache import cache
from django.utils import timezone

from verification.api.errors import ApiError
from verification.client_address import network
from verification.models import ApiClient

MAX_CALLS: Final = 600  # a minute, of one client
MAX_BAD_KEYS: Final = 20  # a minute, from one address
BUCKETS: Final = 4096
_MINUTE: Final = 60  # seconds


def count_call(client: ApiClient) -> None:
    """Raises ApiError 429 if the client has made MAX_CALLS in this minute."""
    _count(f"api-calls:{client.pk}", MAX_CALLS, "too_many_calls")


def count_bad_key(address: str) -> None:
    """Raises ApiError 429 if MAX_BAD_KEYS came from this address in this minute."""
    digest = hashlib.sha256(network(address).encode()).digest()
    _count(f"api-bad-keys:{int.from_bytes(digest[:4]) % BUCKETS}", MAX_BAD_KEYS, "too_many_bad_keys")


def _count(key: str, most: int, code: str) -> None:
    minute, second = divmod(int(timezone.now().timestamp()), _MINUTE)
    counted_in, count = cache.get(key) or (minute, 0)
    count = count if counted_in == minute else 0
    if count >= most:
        raise ApiError(code, retry_after=_MINUTE - second)
    cache.set(key, [minute, count + 1], 2 * _MINUTE)

"""Who may call: the API keys of one or more accounts, each with its token and its rate.

It does not know what a signature is, only whose key it has to be made with.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from kyc_portal.sandbox.emulator.answers import Refusal

MAX_ACCOUNTS = 100
MAX_RATE = 10_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_WORD = re.compile(r"[!-~]{1,4096}")


class BadAccount(ValueError):
    """The account can't be used; the message is a sentence for its author."""


@dataclass(frozen=True, repr=False)
class Account:
    """An API key; with a `token` it is a temporary one. `rate` is accepted calls a second, None for the server's."""

    secret_id: str
    secret_key: str
    token: str = ""
    rate: int | None = None


class Accounts:
    def __init__(self, accounts: Sequence[Account], rate: int) -> None:
        self._lock = Lock()
        self._rate = rate
        self.replace(accounts)

    def replace(self, accounts: Sequence[Account]) -> None:
        """From the next call on these are all there are."""
        by_id = {account.secret_id: account for account in accounts}
        with self._lock:
            self._by_id = by_id

    def find(self, secret_id: str) -> Account:
        with self._lock:
            account = self._by_id.get(secret_id)
        if account is None:
            raise Refusal("AuthFailure.SecretIdNotFound", "The SecretId does not exist.")
        return account

    def rate_of(self, secret_id: str) -> int:
        return self.find(secret_id).rate or self._rate

    def snapshot(self) -> list[dict[str, object]]:
        """Without keys and tokens."""
        with self._lock:
            accounts = list(self._by_id.values())
        return [
            {
                "secret_id": account.secret_id,
                "temporary": bool(account.token),
                "rate": account.rate or self._rate,
            }
            for account in accounts
        ]


def check_token(account: Account, token: str | None) -> None:
    """A temporary key goes with its own token, a permanent one with none."""
    if not hmac.compare_digest(account.token.encode(), (token or "").encode()):
        raise Refusal("AuthFailure.TokenFailure", "X-TC-Token is not the token of this SecretId.")


def parse_accounts(given: object) -> list[Account]:
    """Accounts as a list of objects, as `--accounts` and the control address take them."""
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_ACCOUNTS:
        raise BadAccount(f"accounts must be a list of 1 to {MAX_ACCOUNTS} objects.")
    accounts = [_parse_account(entry) for entry in given]
    if len({account.secret_id for account in accounts}) < len(accounts):
        raise BadAccount("Two accounts have the same secret_id.")
    return accounts


def _parse_account(given: object) -> Account:
    if not isinstance(given, Mapping):
        raise BadAccount(f"An account must be an object with {', '.join(ACCOUNT_KEYS)}.")
    for name in sorted(given.keys() - ACCOUNT_KEYS.keys()):
        raise BadAccount(f"Unknown key {name[:40]!r}: an account has {', '.join(ACCOUNT_KEYS)}.")
    for name in ("secret_id", "secret_key"):
        if name not in given:
            raise BadAccount(f"An account needs {name}.")
    for name, value in given.items():
        fits, rule = ACCOUNT_KEYS[name]
        if not fits(value):
            raise BadAccount(f"{name} must be {rule}.")
    return Account(**given)


def is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


ACCOUNT_KEYS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "secret_id": (lambda value: _matches(_ID, value), "1 to 128 letters, digits, - and _"),
    "secret_key": (lambda value: _matches(_WORD, value), "printable characters without spaces"),
    "token": (
        lambda value: value == "" or _matches(_WORD, value),
        "printable characters without spaces, or blank for a permanent key",
    ),
    "rate": (lambda value: is_whole(value, 1, MAX_RATE), f"a whole number of 1 to {MAX_RATE}"),
}

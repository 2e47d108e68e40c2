"""Several accounts call one emulator: each with its key, its token and its rate."""

from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, Account, Clock, EmulatorServer
from tests.contract.tc3 import body_of, call, code_of

PERMANENT = Account("AKIDpermanent", "key-one", rate=2)
TEMPORARY = Account("AKIDtemporary", "key-two", token="token-two")


class StillClock(Clock):
    def monotonic(self) -> float:
        return 1000.0


@pytest.fixture
def emulator() -> Any:
    with EmulatorServer(rate=3, accounts=[PERMANENT, TEMPORARY], clock=StillClock()) as server:
        yield server


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


def ask(emulator: EmulatorServer, body: bytes, account: Account, token: str | None = None) -> str:
    how = {"secret_id": account.secret_id, "secret_key": account.secret_key}
    if token is not None:
        how["X_TC_Token"] = token
    return code_of(call(emulator.url, body, **how))


@pytest.mark.parametrize(
    ("account", "token", "code"),
    [
        (PERMANENT, None, "Success"),
        (PERMANENT, "token-two", "AuthFailure.TokenFailure"),
        (TEMPORARY, "token-two", "Success"),
        (TEMPORARY, None, "AuthFailure.TokenFailure"),
        (TEMPORARY, "", "AuthFailure.TokenFailure"),
        (TEMPORARY, "token-old", "AuthFailure.TokenFailure"),
        (TEMPORARY, "TOKEN-TWO", "AuthFailure.TokenFailure"),
    ],
)
def test_a_temporary_key_goes_with_its_token_and_a_permanent_one_with_none(
    emulator: EmulatorServer, body: bytes, account: Account, token: str | None, code: str
) -> None:
    assert ask(emulator, body, account, token) == code


def test_a_wrong_key_is_named_before_a_wrong_token(emulator: EmulatorServer, body: bytes) -> None:
    wrong = Account(TEMPORARY.secret_id, "wrong")
    assert ask(emulator, body, wrong, "wrong") == "AuthFailure.SignatureFailure"


def test_each_account_has_its_own_rate(emulator: EmulatorServer, body: bytes) -> None:
    permanent = [ask(emulator, body, PERMANENT) for _ in range(3)]
    temporary = [ask(emulator, body, TEMPORARY, "token-two") for _ in range(4)]
    assert permanent == ["Success"] * 2 + ["RequestLimitExceeded"]
    assert temporary == ["Success"] * 3 + ["RequestLimitExceeded"]


def accounts_at(emulator: EmulatorServer, *accounts: Any, **more: Any) -> httpx.Response:
    given = {"accounts": list(accounts), **more}
    return httpx.post(f"{emulator.url}/_emulator/accounts", json=given, trust_env=False)


def test_keys_can_be_replaced_while_it_runs(emulator: EmulatorServer, body: bytes) -> None:
    answer = accounts_at(emulator, {"secret_id": "AKIDnew", "secret_key": "key-new", "rate": 9})
    assert answer.json() == {"accounts": [{"secret_id": "AKIDnew", "temporary": False, "rate": 9}]}
    assert ask(emulator, body, PERMANENT) == "AuthFailure.SecretIdNotFound"
    assert ask(emulator, body, Account("AKIDnew", "key-new")) == "Success"


def test_no_key_and_no_token_is_shown(emulator: EmulatorServer) -> None:
    shown = httpx.get(f"{emulator.url}/_emulator/accounts", trust_env=False)
    assert shown.json()["accounts"] == [
        {"secret_id": "AKIDpermanent", "temporary": False, "rate": 2},
        {"secret_id": "AKIDtemporary", "temporary": True, "rate": 3},
    ]
    assert not any(secret in f"{shown.text} {PERMANENT!r} {TEMPORARY!r}" for secret in ("key-", "token-"))


ONE = {"secret_id": "AKIDnew", "secret_key": "key-new"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Send an object with accounts"),
        ({"accounts": [ONE], "clear": True}, "Send an object with accounts"),
        ({"accounts": []}, "accounts must be a list of 1 to 100 objects."),
        ({"accounts": ONE}, "accounts must be a list of 1 to 100 objects."),
        ({"accounts": [ONE] * 101}, "accounts must be a list of 1 to 100 objects."),
        ({"accounts": ["AKIDnew"]}, "An account must be an object with secret_id, secret_key, token, rate."),
        ({"accounts": [ONE | {"name": "one"}]}, "Unknown key 'name': an account has secret_id, secret_key"),
        ({"accounts": [{"secret_id": "AKIDnew"}]}, "An account needs secret_key."),
        ({"accounts": [ONE | {"secret_id": "AKID new"}]}, "secret_id must be 1 to 128 letters"),
        ({"accounts": [ONE | {"secret_key": ""}]}, "secret_key must be printable"),
        ({"accounts": [ONE | {"secret_key": 7}]}, "secret_key must be printable"),
        ({"accounts": [ONE | {"token": "a b"}]}, "token must be printable"),
        ({"accounts": [ONE | {"rate": 0}]}, "rate must be a whole number of 1 to 10000."),
        ({"accounts": [ONE | {"rate": True}]}, "rate must be a whole number"),
        ({"accounts": [ONE, ONE]}, "Two accounts have the same secret_id."),
    ],
)
def test_it_refuses_wrong_accounts_with_a_sentence_and_keeps_the_old_ones(
    emulator: EmulatorServer, body: bytes, given: dict[str, Any], says: str
) -> None:
    answer = httpx.post(f"{emulator.url}/_emulator/accounts", json=given, trust_env=False)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True)
    assert ask(emulator, body, PERMANENT) == "Success"


def test_by_itself_it_knows_the_sandbox_alone() -> None:
    assert [account["secret_id"] for account in EmulatorServer().accounts.snapshot()] == [SANDBOX_SECRET_ID]

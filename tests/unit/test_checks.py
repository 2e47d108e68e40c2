"""An installation that would be unsafe does not start."""

from typing import Any

import pytest

from verification.checks import production_is_safe, vendor_settings

ACCOUNT = {"secret_id": "AKIDexample", "secret_key": "example", "token": "", "rate": 20, "daily_budget": 0}
SAFE = {
    "DEMO": False,
    "DEBUG": False,
    "FACEID_ENDPOINT": "https://faceid.intl.tencentcloudapi.com",
    "PUBLIC_URL": "https://verify.example.com",
    "CELERY_BROKER_URL": "redis://broker:6379/0",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": ["verify.example.com"],
    "FACEID_ACCOUNTS": {"default": ACCOUNT},
    "FACEID_FALLBACK_REGIONS": [],
}


def accounts(**changes: dict[str, Any]) -> dict[str, Any]:
    return {"FACEID_ACCOUNTS": {name: {**ACCOUNT, **change} for name, change in changes.items()}}


def found(settings: Any, **changes: Any) -> list[str]:
    for name, value in {**SAFE, **changes}.items():
        setattr(settings, name, value)
    problems = [*production_is_safe(None), *vendor_settings(None)]
    # The tests themselves may run on SQLite; `test_start` shows that production refuses it.
    return [str(problem.id) for problem in problems if problem.id != "kyc.E016"]


def test_a_safe_installation_starts(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"DEBUG": True}, ["kyc.E010"]),
        ({"FACEID_ENDPOINT": "http://faceid.example"}, ["kyc.E011"]),
        ({"FACEID_ENDPOINT": "https://127.0.0.1:8010"}, ["kyc.E012"]),
        ({"FACEID_ENDPOINT": "https://[::1]:8010"}, ["kyc.E012"]),
        ({"FACEID_ENDPOINT": "https://127.8.0.1"}, ["kyc.E012"]),
        ({"FACEID_ENDPOINT": "https://localhost"}, ["kyc.E012"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["kyc.E017"]),
        (accounts(second={"secret_id": "AKIDsandbox0000000000000000000000000"}), ["kyc.E018"]),
        ({"PUBLIC_URL": "http://verify.example.com"}, ["kyc.E013"]),
        ({"CELERY_BROKER_URL": "memory://localhost/"}, ["kyc.E014"]),
        ({"SECRET_KEY": "short"}, ["kyc.E015"]),
        ({"FACEID_REGION": "ap-guangzhou"}, ["kyc.E001"]),
        ({"FACEID_FALLBACK_REGIONS": ["ap-hongkong", "ap-guangzhou"]}, ["kyc.E001"]),
        (
            {"FACEID_FALLBACK_REGIONS": ["ap-hongkong"], "FACEID_REGION_ENDPOINT": "http://{region}.example"},
            ["kyc.E019"],
        ),
        (accounts(default={"rate": 0}), ["kyc.E002"]),
        (accounts(file={}), ["kyc.E003"]),
        (accounts(**{"Second Account": {}}), ["kyc.E003"]),
        (accounts(second={"daily_budget": -1}), ["kyc.E004"]),
    ],
)
def test_an_unsafe_setting_is_refused(settings: Any, change: dict[str, Any], expected: list[str]) -> None:
    assert found(settings, **change) == expected


def test_the_demo_may_be_what_it_is(settings: Any) -> None:
    assert found(settings, DEMO=True, PUBLIC_URL="http://127.0.0.1:8000") == []

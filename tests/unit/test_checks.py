"""An installation that would be unsafe does not start."""

from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from verification.checks import (
    evidence_settings,
    media_confinement,
    outbound_settings,
    production_is_safe,
    sign_in_settings,
    vendor_settings,
)
from verification.crypto import new_entry

ACCOUNT = {"secret_id": "AKIDexample", "secret_key": "example", "token": "", "rate": 20, "daily_budget": 0}
ENCRYPTED = "verification.storage.encrypted.EncryptedStorage"
FOLDER = {"BACKEND": "verification.storage.files.DurableFileSystemStorage", "OPTIONS": {"location": "/srv"}}
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
    "OUTBOUND_PROXY": "",
    "CA_FILE": "",
    "KEYRING": new_entry("2026-11"),
    "ACCEPT_HEIC": False,
    "STAFF_MFA": "required",
    "STAFF_IDLE_MINUTES": 15,
    "STAFF_SESSION_HOURS": 12,
    "STORAGES": {"evidence": {"BACKEND": ENCRYPTED, "OPTIONS": {"objects": FOLDER}}},
}


def accounts(**changes: dict[str, Any]) -> dict[str, Any]:
    return {"FACEID_ACCOUNTS": {name: {**ACCOUNT, **change} for name, change in changes.items()}}


def objects_at(endpoint: str | None) -> dict[str, Any]:
    s3 = {"BACKEND": "verification.storage.s3.ObjectStorage", "OPTIONS": {"bucket_name": "evidence"}}
    if endpoint is not None:
        s3["OPTIONS"]["endpoint_url"] = endpoint  # type: ignore[index]
    return {"STORAGES": {"evidence": {"BACKEND": ENCRYPTED, "OPTIONS": {"objects": s3}}}}


def found(settings: Any, **changes: Any) -> list[str]:
    for name, value in {**SAFE, **changes}.items():
        setattr(settings, name, value)
    checks = (production_is_safe, vendor_settings, outbound_settings, evidence_settings, sign_in_settings)
    problems = [problem for check in checks for problem in check(None)]
    # The tests themselves may run on SQLite; `test_start` shows that production refuses it.
    return [str(problem.id) for problem in problems if problem.id != "kyc.E016"]


def test_a_safe_installation_starts(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"DEBUG": True}, ["kyc.E010"]),
        ({"STAFF_MFA": "optional"}, ["kyc.E026"]),
        ({"STAFF_IDLE_MINUTES": 0}, ["kyc.E027"]),
        ({"STAFF_IDLE_MINUTES": 61}, ["kyc.E027"]),
        ({"STAFF_SESSION_HOURS": 0}, ["kyc.E028"]),
        ({"STAFF_SESSION_HOURS": 25}, ["kyc.E028"]),
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
        ({"KEYRING": "2026-11:no key"}, ["kyc.E021"]),
        ({"KEYRING": f"{new_entry('2026-12')},{new_entry('demo')}"}, ["kyc.E023"]),
        ({"STORAGES": {"evidence": FOLDER}}, ["kyc.E024"]),
        (objects_at("http://s3.example.com"), ["kyc.E025"]),
        (objects_at("http://127.0.0.1:9000"), ["kyc.E025"]),
    ],
)
def test_an_unsafe_setting_is_refused(settings: Any, change: dict[str, Any], expected: list[str]) -> None:
    assert found(settings, **change) == expected


@pytest.mark.parametrize("endpoint", [None, "https://s3.example.com"])
def test_a_bucket_that_is_reached_by_tls_is_safe(settings: Any, endpoint: str | None) -> None:
    assert found(settings, **objects_at(endpoint)) == []


@pytest.mark.parametrize(("installed", "expected"), [(True, []), (False, ["kyc.E022"])])
def test_heic_needs_what_decodes_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch, installed: bool, expected: list[str]
) -> None:
    monkeypatch.setattr("verification.checks.find_spec", lambda name: name if installed else None)
    assert found(settings, ACCEPT_HEIC=True) == expected


def test_a_refused_keyring_is_not_told(settings: Any) -> None:
    settings.KEYRING = new_entry("2026-11") + "x"
    (problem,) = evidence_settings(None)
    assert settings.KEYRING.partition(":")[2][:8] not in f"{problem}"


def test_the_demo_may_be_what_it_is(settings: Any) -> None:
    assert found(settings, DEMO=True, PUBLIC_URL="http://127.0.0.1:8000", KEYRING=new_entry("demo")) == []


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize(
    ("confinement", "expected"), [("seccomp", []), ("rlimits", ["kyc.E029"]), ("refused", ["kyc.E030"])]
)
def test_a_machine_that_does_not_confine_media_children_is_for_the_demo_only(
    settings: Any, monkeypatch: pytest.MonkeyPatch, demo: bool, confinement: str, expected: list[str]
) -> None:
    settings.DEMO = demo
    monkeypatch.setattr("verification.checks.confinement", lambda: confinement)
    problems = media_confinement(None)
    assert [problem.id for problem in problems] == expected
    assert all(problem.is_serious() is not demo for problem in problems)


PROXY = "http://portal:password@proxy.example:3128"


@pytest.mark.parametrize("proxy", ["", PROXY, "https://proxy.example"])
def test_an_outbound_proxy_may_be_named(settings: Any, proxy: str) -> None:
    assert found(settings, OUTBOUND_PROXY=proxy) == []


@pytest.mark.parametrize(
    "proxy", ["socks5://proxy.example", "proxy.example:3128", f"{PROXY}/path", "http://portal:pass@word@host"]
)
def test_what_is_no_outbound_proxy_is_refused_by_name(settings: Any, proxy: str) -> None:
    assert found(settings, OUTBOUND_PROXY=proxy) == ["kyc.E075"]
    (problem,) = outbound_settings(None)
    assert problem.msg.startswith("KYC_OUTBOUND_PROXY is not")
    assert "pass@" not in problem.msg
    assert "example" not in problem.msg


def test_own_authorities_may_be_named(settings: Any, tmp_path: Path) -> None:
    assert found(settings, CA_FILE=str(Authority(tmp_path).file)) == []


def ca_files(folder: Path) -> dict[str, str]:
    """Files that hold no authority, with what is said about each."""
    certificate, key = Authority(folder).server_files("server")
    (folder / "empty").touch()
    (folder / "noise").write_bytes(bytes(range(256)))
    (folder / "text").write_text("no certificate")
    (folder / "folder").mkdir()
    (folder / "both").write_bytes(Authority(folder).file.read_bytes() + key.read_bytes())
    return {
        f"{folder}/nothing": "can't be read",
        f"{folder}/folder": "can't be read",
        f"{folder}/noise": "can't be read",
        f"{folder}/empty": "holds no certificates",
        f"{folder}/text": "holds no certificates",
        f"{folder}/both": "holds a private key",
        str(key): "holds a private key",
        str(certificate): "holds no authority",
        "ca.pem": "is not an absolute path",
    }


def test_a_file_without_authorities_is_refused_by_name_and_reason(settings: Any, tmp_path: Path) -> None:
    for path, why in ca_files(tmp_path).items():
        assert found(settings, CA_FILE=path) == ["kyc.E076"]
        (problem,) = outbound_settings(None)
        assert problem.msg.startswith(f"KYC_CA_FILE {why}")


def test_nothing_starts_while_tls_keys_would_be_written_down(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/tmp/keys")
    assert found(settings) == ["kyc.E077"]

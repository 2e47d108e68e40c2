"""What the checks say; which settings they refuse is one table, in `tests/flow/starts.py`."""

from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from verification.checks import hosts, machine, outbound, secrets
from verification.crypto import new_entry


def test_a_refused_keyring_is_not_told(settings: Any) -> None:
    settings.KEYRING = new_entry("2026-11") + "x"
    (problem,) = secrets.secrets_of_the_installation(None)
    assert settings.KEYRING.partition(":")[2][:8] not in f"{problem}"


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize(
    ("confinement", "expected"), [("seccomp", []), ("rlimits", ["kyc.E029"]), ("refused", ["kyc.E030"])]
)
def test_a_machine_that_does_not_confine_media_children_is_for_the_demo_only(
    settings: Any, monkeypatch: pytest.MonkeyPatch, demo: bool, confinement: str, expected: list[str]
) -> None:
    settings.DEMO = demo
    monkeypatch.setattr(machine, "confinement", lambda: confinement)
    problems = machine.media_confinement(None)
    assert [problem.id for problem in problems] == expected
    assert all(problem.is_serious() is not demo for problem in problems)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f000001", "017700000001", "::1", "::ffff:127.1.2.3", "0"]
)
def test_this_machine_has_many_spellings(host: str) -> None:
    assert hosts.is_this_machine(host)


@pytest.mark.parametrize(
    "host", [None, "", "10.0.0.1", "128.1", "localhost.example", "notlocalhost", "::2", "\0"]
)
def test_what_is_elsewhere_is_not_this_machine(host: str | None) -> None:
    assert not hosts.is_this_machine(host)


def test_a_refused_proxy_is_not_told(settings: Any) -> None:
    settings.OUTBOUND_PROXY = "http://portal:pass@word@proxy.example:3128"
    (problem,) = outbound.outbound_settings(None)
    assert not {"word", "proxy.example"} & {*problem.msg.split()}
    assert "pass@" not in problem.msg


def test_own_authorities_may_be_named(settings: Any, tmp_path: Path) -> None:
    settings.CA_FILE = str(Authority(tmp_path).file)
    assert outbound.outbound_settings(None) == []


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
        settings.CA_FILE = path
        (problem,) = outbound.outbound_settings(None)
        assert problem.id == "kyc.E076"
        assert problem.msg.startswith(f"KYC_CA_FILE {why}")

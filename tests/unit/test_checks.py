"""What the checks say; which settings they refuse is one table, in `tests/flow/starts.py`."""

from typing import Any

import pytest

from verification.checks import hosts, machine, secrets
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

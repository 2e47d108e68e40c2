"""Which settings start a production, and which number refuses the others: one table.

Each row is read from an environment by the settings and judged by the checks. The first row of each number is started
in a process of its own too.
"""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks.registry import registry

import verification.checks
from kyc_portal import env
from tests.flow.starts import CODE, OF_THE_DATABASE, REFUSED, SAFE, UNSAFE
from tests.flow.test_start import PRODUCTION, variables
from tests.processes import PROJECT


def rows(table: dict[str, list[dict[str, str]]]) -> Iterator[Any]:
    for number, changes in table.items():
        for change in changes:
            yield pytest.param(
                number, change, id=f"{number} {'; '.join(map('='.join, change.items()))}"[:120]
            )


MODULES = [
    import_module(f"verification.checks.{found.name}") for found in iter_modules(verification.checks.__path__)
]


@pytest.fixture(autouse=True)
def _another_environment() -> Iterator[None]:
    """The settings collect what is wrong until they are read to the end."""
    yield
    env.collect()
    env.stop_if_wrong()


def found(monkeypatch: pytest.MonkeyPatch, settings: Any, change: dict[str, str]) -> set[str]:
    """The numbers that the checks find in this environment."""
    monkeypatch.setattr(os, "environ", variables(**change))
    monkeypatch.setattr("kyc_portal.env.dotenv.in_file", {})
    monkeypatch.setattr("kyc_portal.env.names.in_file", {})
    read = SimpleNamespace(**runpy.run_path(str(PROJECT / "kyc_portal/settings.py")))
    for module in MODULES:
        if hasattr(module, "settings"):
            monkeypatch.setattr(module, "settings", read)
    settings.KEYRING = read.KEYRING
    ours = [
        check for check in registry.registered_checks if check.__module__.startswith("verification.checks")
    ]
    return {str(problem.id) for check in ours for problem in check(app_configs=None, databases=None)}


@pytest.mark.parametrize(("number", "change"), [*rows(UNSAFE)])
def test_an_unsafe_setting_is_refused_by_its_number(
    monkeypatch: pytest.MonkeyPatch, settings: Any, number: str, change: dict[str, str]
) -> None:
    assert number in found(monkeypatch, settings, change)


@pytest.mark.parametrize(
    "change", SAFE, ids=lambda change: "; ".join(map("=".join, change.items()))[:120] or "as is"
)
def test_a_safe_setting_starts(
    monkeypatch: pytest.MonkeyPatch, settings: Any, change: dict[str, str]
) -> None:
    assert found(monkeypatch, settings, change) == set()


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_setting_that_is_none_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, settings: Any, name: str, value: str
) -> None:
    with pytest.raises(env.BadSetting, match=rf"\A{name} ") as refused:
        found(monkeypatch, settings, {name: value})
    is_secret = name.startswith(("SECRET", "KYC_KEYRING", "KYC_TRAIL_KEYS", "TENCENTCLOUD", "DATABASE"))
    assert not (is_secret and value and value in str(refused.value))


@pytest.fixture(scope="module")
def starter() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.flow.starting"]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


def started(starter: subprocess.Popen[str], folder: Path, change: dict[str, str], code: str = "") -> str:
    """The refusal of a whole start, or the numbers of its warnings."""
    ours = {"KYC_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "kyc_portal.settings"}
    environment = variables(**ours | change)
    line = {"environment": environment, "code": f"import os, sys, pathlib; {code}"}
    starter.stdin.write(f"{json.dumps(line)}\n")
    starter.stdin.flush()
    return json.loads(starter.stdout.readline())


@pytest.mark.parametrize("number", sorted({*UNSAFE, *CODE}))
def test_each_number_keeps_a_process_from_starting(
    starter: subprocess.Popen[str], tmp_path: Path, number: str
) -> None:
    tmp_path.chmod(0o700)
    change = UNSAFE.get(number, [{}])[0]
    output = started(starter, tmp_path, change, CODE.get(number, ""))
    assert number in output
    assert output.startswith("UnsafeInstallation") is number.startswith("kyc.E")
    rings = [PRODUCTION[name].partition(":")[2] for name in ("KYC_KEYRING", "KYC_TRAIL_KEYS")]
    secrets = {PRODUCTION["SECRET_KEY"], *rings}
    assert not [secret for secret in secrets if secret in output]


def test_a_safe_production_starts_without_a_warning(starter: subprocess.Popen[str], tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert started(starter, tmp_path, {}) == "\n"


@pytest.mark.parametrize("folder", ["", "evidence"])
def test_a_process_that_may_not_write_where_evidence_is_kept_does_not_start(
    starter: subprocess.Popen[str], tmp_path: Path, folder: str
) -> None:
    """The folder itself, or the one in which it will be made. The system tells root otherwise."""
    tmp_path.chmod(0o700)
    (tmp_path / folder).mkdir(exist_ok=True)
    theirs = repr(str(tmp_path / folder))
    code = f"ask = os.access; os.access = lambda path, mode: str(path) != {theirs} and ask(path, mode)"
    assert "kyc.E079" in started(starter, tmp_path, {}, code)


def test_the_key_of_a_demo_is_refused_under_every_name(
    starter: subprocess.Popen[str], tmp_path: Path
) -> None:
    """A demo that ran in the same data folder."""
    tmp_path.chmod(0o700)
    (tmp_path / "keyring").write_text(f"demo:{PRODUCTION['KYC_KEYRING'].partition(':')[2]}")
    (tmp_path / "trail_keys").write_text(f"demo:{PRODUCTION['KYC_TRAIL_KEYS'].partition(':')[2]}")
    output = started(starter, tmp_path, {})
    assert "kyc.E023" in output
    assert "kyc.E098" in output


def test_every_rule_has_a_number_of_its_own_that_stands_in_the_table() -> None:
    files = (PROJECT / "kyc_portal/startup.py", *(PROJECT / "verification/checks").glob("*.py"))
    numbers = [number for path in files for number in re.findall(r'"(kyc\.[EW]\d{3})"', path.read_text())]
    assert sorted(numbers) == sorted({*UNSAFE, *CODE, *OF_THE_DATABASE})

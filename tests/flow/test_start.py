"""Configurations that start and that refuse to, each in a separate process."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kyc_portal.env import PROJECT
from kyc_portal.env.values import known
from kyc_portal.sandbox.management.commands.demo import settings_of
from verification.crypto import new_entry

PRODUCTION = {
    "KYC_MODE": "production",
    "KYC_PUBLIC_URL": "https://verify.example.com",
    "ALLOWED_HOSTS": "verify.example.com",
    "SECRET_KEY": "0yqM5o3ZVfnxTt9hWkqYb2LrJ7sCdEaG1uPiNw8xKzQ4RvBm6U",
    "KYC_BEHIND_PROXY": "1",
    "KYC_KEYRING": new_entry("2026-11"),
    "KYC_TRAIL_KEYS": new_entry("2026-11"),
    "DATABASE_URL": "postgresql://kyc@127.0.0.1:9/kyc",
    "CELERY_BROKER_URL": "redis://127.0.0.1:9/0",
    "TENCENTCLOUD_SECRET_ID": "AKIDexample",
    "TENCENTCLOUD_SECRET_KEY": "example",
    "KYC_FACEID_ENDPOINT": "https://faceid.intl.tencentcloudapi.com",
    "KYC_ORGANISATION_NAME": "Example Bank",
    "KYC_ORGANISATION_CONTACT": "help@bank.example",
    "KYC_PRIVACY_NOTICE_URL": "https://bank.example/privacy",
    "KYC_LEGAL_BASIS": "Your consent (GDPR, Articles 6 and 9)",
    "KYC_DATA_PROTECTION_CONTACT": "privacy@bank.example",
}


def variables(**changes: str) -> dict[str, str]:
    """The environment of a production with these changes, and nothing of the caller's."""
    paths = {name: os.environ[name] for name in ("PATH", "KYC_DATA_DIR")}
    return {**paths, **PRODUCTION, "PYTHONPATH": str(PROJECT), **changes}


def start(*command: str, cwd: Path = PROJECT, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = variables(**changes)
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60
    )


WEB = ("-c", "import kyc_portal.wsgi")


def test_a_safe_production_starts() -> None:
    done = start(*WEB)
    assert done.returncode == 0, done.stderr


CELERY = ("-m", "celery", "-A", "kyc_portal.celery")
PROCESSES = {
    "web server": WEB,
    "worker": (*CELERY, "worker", "--pool", "solo"),
    "beat": (*CELERY, "beat"),
    "check": ("manage.py", "check"),
    "command": ("manage.py", "sweep"),
}


@pytest.mark.parametrize("process", PROCESSES)
def test_no_process_of_an_unsafe_production_starts(process: str) -> None:
    """Neither with the emulator, nor where media children are not confined. The matrix has every other rule."""
    unconfined = "import platform; platform.machine = lambda: 'riscv64'"
    done = start(*with_code(unconfined, PROCESSES[process]), KYC_FACEID_ENDPOINT="http://127.0.0.1:8010")
    assert done.returncode != 0
    assert "kyc.E012" in done.stderr
    assert "kyc.E029" in done.stderr


def with_code(code: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command, with this code before it in the same process."""
    if command[0] == "-c":
        return ("-c", f"{code}\n{command[1]}")
    module = command[0] == "-m"
    arguments = list(command[1:] if module else command)
    run = f"run_module({arguments[0]!r}" if module else f"run_path({arguments[0]!r}"
    return (
        "-c",
        f"{code}\nimport runpy, sys\nsys.argv = {arguments!r}\nrunpy.{run}, run_name='__main__')",
    )


def test_a_missing_setting_is_a_sentence_and_no_traceback() -> None:
    done = start("manage.py", "check", SECRET_KEY="")
    assert done.returncode == 1
    assert done.stderr == "Settings: SECRET_KEY is not set. See .env.example for what it holds.\n"


def test_a_production_on_s3_starts_without_asking_it() -> None:
    done = start(
        *WEB, STORAGE_URL="s3://evidence/portal?endpoint_url=https://127.0.0.1:9&region_name=eu-west-1"
    )
    assert done.returncode == 0, done.stderr


def test_a_file_of_settings_that_is_typed_wrong_is_told_line_by_line(tmp_path: Path) -> None:
    """In a copy of the portal with a file of its own."""
    shutil.copytree(
        PROJECT / "kyc_portal", tmp_path / "kyc_portal", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("manage.py", "verification", "templates", "static"):
        (tmp_path / name).symlink_to(PROJECT / name)
    lines = (
        ".env.example",
        "SECRET_KEY='s3cret'",
        "export LOG_LEVEL=INFO",
        "KYC_FACEID_RATE=20 # a second",
        "KYC_MOED=demo",
    )
    (tmp_path / ".env").write_text("\n".join(f"# {line}" if line[0] == "." else line for line in lines))
    environment = {**variables(), "PYTHONPATH": str(tmp_path)}
    del environment["SECRET_KEY"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv = ['manage.py', 'check']; exec(open('manage.py').read())",
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert re.findall(r"line (\d)", done.stderr) == ["3", "2", "4", "5"]
    assert "Did you mean KYC_MODE?" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_keyring_is_a_sentence_and_no_traceback() -> None:
    done = start("manage.py", "check", KYC_KEYRING="")
    assert done.returncode == 1
    assert done.stderr == "Settings: KYC_KEYRING is not set. See .env.example for what it holds.\n"


def test_the_demo_takes_over_nothing_that_a_shell_has_for_another_service() -> None:
    """Every setting whose name is not the portal's own, but for the log's level."""
    named = re.findall(r"^([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)
    common = {name for name in named if not name.startswith(("KYC_", "STORAGE_", "LOG_"))}
    assert common <= settings_of(8000).keys()
    assert settings_of(8000)["STORAGE_URL"] == ""  # then nobody reads the store's keys
    assert settings_of(8000).keys() <= known  # its `.env` has no name that would be refused


@pytest.mark.parametrize("port", ["0", "-1", "65535", "99999"])
def test_a_port_that_does_not_exist_is_a_sentence_and_no_traceback(port: str) -> None:
    done = start("manage.py", "demo", "--port", port, KYC_MODE="demo")
    assert done.returncode == 1
    assert done.stderr == "CommandError: A port is a number from 1 to 65534, such as: make demo PORT=8001\n"


@pytest.mark.parametrize("command", ["demo", "emulator"])
def test_production_has_no_sandbox(command: str) -> None:
    done = start("manage.py", command)
    assert done.returncode == 1
    assert "has no sandbox" in done.stderr


VISIT = """
import sys, kyc_portal.wsgi
from django.test import Client
client = Client(SERVER_NAME="verify.example.com")
for path in ("/", "/demo/new-link"):
    answer = client.get(path, secure=True)
    print(answer.status_code, answer.headers["X-Robots-Tag"], answer.content.decode())
print([name for name in sys.modules if "sandbox" in name])
"""


def test_production_has_a_plain_front_page_and_nothing_of_the_demo() -> None:
    """Even while its database is away."""
    done = start("-c", VISIT)
    assert done.returncode == 0, done.stderr
    front, new_link, sandbox = re.split(r"^(?=404|\[)", done.stdout, flags=re.MULTILINE)
    assert front.startswith("200 noindex, nofollow")
    assert "Open your personal link" in front
    assert "admin" not in front
    assert "There is nothing here" in new_link
    assert sandbox == "[]\n"


def test_the_demo_does_not_overwrite_existing_settings(tmp_path: Path) -> None:
    """The demo runs in a copy of the code with an `.env` without KYC_MODE."""
    (tmp_path / "manage.py").write_text((PROJECT / "manage.py").read_text())
    for folder in ("kyc_portal", "verification", "templates", "static"):
        (tmp_path / folder).symlink_to(PROJECT / folder)
    settings = "DATABASE_URL=postgresql://kyc@127.0.0.1:9/kyc\n"
    (tmp_path / ".env").write_text(settings)
    script = (
        "from kyc_portal import env; from pathlib import Path; import runpy, sys; env.PROJECT = Path.cwd();"
    )
    run = f"{script} sys.argv = ['manage.py', 'demo', '--port', '0']; runpy.run_path('manage.py', run_name='__main__')"
    done = start("-c", run, cwd=tmp_path, KYC_MODE="demo")
    assert done.returncode == 1
    assert "not the demo's" in done.stderr
    assert (tmp_path / ".env").read_text() == settings

"""docs/emulator.md is true: it names every option, key, address, family and fault, and its commands run."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.emulator.__main__ import main, make_parser
from kyc_portal.sandbox.emulator.accounts import ACCOUNT_KEYS
from kyc_portal.sandbox.emulator.control import HEALTH
from kyc_portal.sandbox.emulator.faults import NAMES
from kyc_portal.sandbox.emulator.ledger import State
from kyc_portal.sandbox.emulator.presets import FAMILIES, PRESETS
from kyc_portal.sandbox.emulator.script import CHECKS

PROJECT = Path(__file__).parents[2]
DOCUMENT = (PROJECT / "docs/emulator.md").read_text()
COMMANDS = [line.strip() for line in DOCUMENT.splitlines() if line.startswith("    curl ")]
CODE = re.compile(r"`([^`]+)`")


def table(head: str, number: int = 0) -> dict[str, str]:
    """The rows of the table that begins with this head, by their first cell."""
    rows = DOCUMENT.split(f"| {head} |")[number + 1].split("\n\n")[0].splitlines()[2:]
    return {cells[1].strip(): cells[2].strip() for cells in (row.split("|") for row in rows)}


def names(cells: Any) -> list[str]:
    return [name for cell in cells for name in CODE.findall(cell)]


def test_every_option_of_the_command_is_described() -> None:
    options = {text for action in make_parser()._actions for text in action.option_strings}
    assert set(names(table("option"))) == options - {"-h", "--help"}


def test_every_key_of_a_script_and_of_an_account_is_described() -> None:
    assert names(table("key", 0)) == [*CHECKS]
    assert names(table("key", 1)) == [*ACCOUNT_KEYS]


def test_every_control_address_is_described_and_exists(emulator: EmulatorServer) -> None:
    routes = emulator._listener.site.control.routes
    there = {f"{method} {path}" for path, methods in routes.items() for method in methods}
    assert set(names(table("address"))) == there | {f"GET {HEALTH}"}


def test_every_family_is_described_by_names_that_exist() -> None:
    described = table("family")
    assert names(described) == [family.name for family in FAMILIES]
    for family in FAMILIES:
        listed = {preset.name for preset in family.presets}
        assert set(names([described[f"`{family.name}`"]])) <= listed, family.name
    assert set(names(described.values())) <= set(PRESETS)


def test_every_fault_and_short_name_is_described() -> None:
    described = set(names(table("family").values()))
    assert set(NAMES) <= described
    assert {name for name, preset in PRESETS.items() if preset.title} <= described


def test_every_state_of_a_call_is_described() -> None:
    assert [name for name in CODE.findall(DOCUMENT) if name in [*State]] == [*State]


def request_of(command: str, url: str) -> httpx.Request:
    """The request that this curl command makes, to the emulator at `url`."""
    words = shlex.split(command)[1:]
    method, headers, data, address = "", {}, None, ""
    while words:
        word = words.pop(0)
        match word:
            case "-X":
                method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                data = words.pop(0)
            case _:
                address = word.replace("http://127.0.0.1:8010", url)
    return httpx.Request(method or ("POST" if data else "GET"), address, headers=headers, content=data)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_document_is_answered(emulator: EmulatorServer, command: str) -> None:
    with httpx.Client(trust_env=False) as client:
        response = client.send(request_of(command, emulator.url))
    assert (response.status_code, "error" in response.json()) == (200, False)


def test_the_document_has_commands_for_each_address() -> None:
    text = "\n".join([*COMMANDS, *re.findall(r"`(curl [^`]+)`", DOCUMENT)])
    assert all(
        f"/_emulator/{name}" in text for name in ("script", "default", "presets", "accounts", "release")
    )


# The command


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_a_port_that_is_taken_is_told_in_a_sentence(
    taken_port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refusal(capsys, "--port", taken_port)
    assert f"can't listen on 127.0.0.1:{taken_port}: Address already in use" in told


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--port", "99999"], "argument --port: must be a whole number of 0 to 65535"),
        (["--port", "x"], "argument --port: must be a whole number of 0 to 65535"),
        (["--rate", "0"], "argument --rate: must be a whole number of 1 to 10000"),
        (["--latency-ms", "-5"], "argument --latency-ms: must be a whole number of 0 to 600000"),
        (["--secret-id", "AKIDone"], "Give both --secret-id and --secret-key, or neither."),
        (["--token", "one"], "Give both --secret-id and --secret-key, or neither."),
        (["--secret-id", "AKID one", "--secret-key", "one"], "secret_id must be 1 to 128 letters"),
        (["--accounts", "/nowhere/accounts.json"], "--accounts can't be read: No such file or directory."),
        (["--accounts", "{}", "--secret-id", "AKIDone"], "Give --accounts or one account's own options"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert says in refusal(capsys, *options)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "--accounts is not valid JSON."),
        ("[NaN]", "--accounts is not valid JSON."),
        ('{"secret_id": "AKIDone"}', "accounts must be a list"),
        ('[{"secret_id": "AKIDone"}]', "An account needs secret_key."),
    ],
)
def test_a_file_without_accounts_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "accounts.json").write_text(content)
    assert says in refusal(capsys, "--accounts", str(tmp_path / "accounts.json"))


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder with the emulator in its place, and nothing else of the portal."""
    for name in ("kyc_portal/__init__.py", "kyc_portal/sandbox/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(PROJECT / "kyc_portal/sandbox/emulator", tmp_path / "kyc_portal/sandbox/emulator")
    return tmp_path


def test_it_runs_standing_alone_with_accounts_from_a_file(alone: Path) -> None:
    (alone / "accounts.json").write_text(
        json.dumps([{"secret_id": "AKIDone", "secret_key": "one", "rate": 7}])
    )
    command = [
        sys.executable,
        "-m",
        "kyc_portal.sandbox.emulator",
        "--port",
        "0",
        "--accounts",
        "accounts.json",
    ]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(command, cwd=alone, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().rpartition(" ")[2].strip()
            assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"status": "ok"}
            shown = httpx.get(f"{url}/_emulator/accounts", trust_env=False).json()
            assert shown == {"accounts": [{"secret_id": "AKIDone", "temporary": False, "rate": 7}]}
        finally:
            process.terminate()
    assert process.returncode == 0

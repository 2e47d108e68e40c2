"""The check of the locks finds every kind of missing or outdated line."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from tests.locks import ROOT, Line, complaints, option_faults, read_lock

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = {name: read_lock((ROOT / f"requirements/{name}.txt").read_text()) for name in ("run", "dev", "uv")}


def with_dev(*lines: Line) -> dict[str, list[Line]]:
    return {**LOCKS, "dev": list(lines)}


def changed(name: str, **change: Any) -> list[Line]:
    """The development lock with one line changed."""
    return [replace(line, **change) if line.name == name else line for line in LOCKS["dev"]]


def test_the_locks_are_complete_and_in_step() -> None:
    assert complaints(PROJECT, LOCKS) == []


@pytest.mark.parametrize(
    ("missing", "asker"),
    [
        ("pytest", "pyproject.toml requires pytest"),
        ("sqlparse", "django requires sqlparse"),
        ("pywin32", "docker requires pywin32"),
        ("async-timeout", "redis requires async-timeout"),
    ],
)
def test_a_removed_line_is_missed(missing: str, asker: str) -> None:
    found = complaints(PROJECT, with_dev(*(line for line in LOCKS["dev"] if line.name != missing)))
    assert any(asker in each for each in found)


def test_an_extra_that_another_package_asks_for_is_missed() -> None:
    (line,) = (line for line in LOCKS["dev"] if line.name == "coverage")
    found = complaints(PROJECT, with_dev(*changed("coverage", text=line.text.replace("[toml]", ""))))
    assert any("pytest-cov requires coverage[toml]" in each for each in found)


def test_a_line_for_one_system_does_not_satisfy_the_others() -> None:
    (line,) = (line for line in LOCKS["dev"] if line.name == "sqlparse")
    found = complaints(PROJECT, with_dev(*changed("sqlparse", text=f"{line.text} ; sys_platform == 'linux'")))
    assert any("django requires sqlparse" in each for each in found)


def test_a_version_that_is_not_accepted_or_not_installed_is_told() -> None:
    found = complaints(PROJECT, with_dev(*changed("django", text="django==4.2")))
    assert any("pyproject.toml requires django" in each for each in found)
    assert "dev: django==4.2: another version is installed" in found


def test_a_range_and_a_missing_hash_are_told() -> None:
    found = complaints(PROJECT, with_dev(*changed("sqlparse", text="sqlparse>=0.5", hashes=frozenset())))
    without = "dev: sqlparse>=0.5 has something else than whole SHA-256 hashes, or none"
    assert {"dev: sqlparse>=0.5 is not pinned with ==", without} <= set(found)


@pytest.mark.parametrize("digest", ["sha256:93", "md5:0cc175b9c0f1b6a831c399e269772661"])
def test_a_digest_that_is_no_whole_sha256_is_told(digest: str) -> None:
    found = complaints(PROJECT, with_dev(*changed("sqlparse", hashes=frozenset({digest}))))
    assert any("whole SHA-256 hashes" in each for each in found)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("", "is missing"),
        ("--only-binary :all:\n--extra-index-url https://example.org/simple", "--extra-index-url"),
        ("--only-binary :all:\n-r other.txt", "-r other.txt"),
        ("--only-binary :all:\n  -e .", "-e ."),
        ("--no-binary :all:", "is missing"),
    ],
)
def test_an_option_that_lets_more_than_the_lock_decide_is_told(option: str, told: str) -> None:
    (*_, last) = option_faults(f"{option}\nthing==1 \\\n    --hash=sha256:00\n")
    assert told in last


@pytest.mark.parametrize(
    "marker",
    ["platform_machine == 'x86_64'", "os_name == 'posix'", "python_full_version < '3.14.1'"],
)
def test_a_line_for_some_machines_does_not_satisfy_the_others(marker: str) -> None:
    (line,) = (line for line in LOCKS["dev"] if line.name == "sqlparse")
    found = complaints(PROJECT, with_dev(*changed("sqlparse", text=f"{line.text} ; {marker}")))
    assert any("django requires sqlparse" in each for each in found)


def test_the_lock_of_the_installer_holds_it_alone() -> None:
    for lines in ([], [*LOCKS["uv"], LOCKS["dev"][0]]):
        assert "uv: it has to hold uv and nothing else" in complaints(PROJECT, {**LOCKS, "uv": lines})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"optional-dependencies": {**PROJECT["optional-dependencies"], "ldap": []}}, "the extra ldap"),
        ({"requires-python": ">=3.11,<3.16"}, "different Pythons"),
        ({"classifiers": PROJECT["classifiers"][:-1]}, "different Pythons"),
    ],
)
def test_what_the_project_says_and_no_lock_follows_is_told(change: dict[str, Any], told: str) -> None:
    assert any(told in each for each in complaints({**PROJECT, **change}, LOCKS))


def test_what_nothing_requires_any_more_is_told() -> None:
    project = {
        **PROJECT,
        "dependencies": [each for each in PROJECT["dependencies"] if "pybase64" not in each],
    }
    assert any(
        each.startswith("run: pybase64") and "nothing requires it" in each
        for each in complaints(project, LOCKS)
    )


def test_what_runs_in_production_is_what_was_tested() -> None:
    found = complaints(PROJECT, with_dev(*changed("django", hashes=frozenset({"sha256:0"}))))
    assert any("is not what the dev lock has" in each for each in found)
